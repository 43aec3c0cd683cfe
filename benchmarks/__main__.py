"""`make bench`: print the performance figures of the README."""

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
