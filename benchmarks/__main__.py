"""`make bench`: the figures of the README, one after the other; training takes the most time."""

from benchmarks import (
    app_start,
    classify_folder,
    drawing_latency,
    evaluate_page,
    evaluation,
    lightning,
    throughput,
    train_page,
)

if __name__ == "__main__":
    for benchmark in (
        drawing_latency,
        classify_folder,
        app_start,
        evaluation,
        evaluate_page,
        train_page,
        throughput,
        lightning,
    ):
        benchmark.main()
