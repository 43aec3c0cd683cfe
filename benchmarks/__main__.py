"""`make bench`: print the performance figures of the README."""

from benchmarks import (
    app_start,
    classify_folder,
    draw_page,
    drawing_latency,
    evaluate_page,
    evaluation,
    lightning,
    page_frames,
    script_cost,
    throughput,
    train_page,
    visitors,
)

if __name__ == "__main__":
    drawing_latency.main()
    script_cost.main()
    visitors.main(["--visitors", "100"])
    visitors.main(["--visitors", "50", "--live"])
    classify_folder.main()
    app_start.main()
    draw_page.main()
    page_frames.main()
    evaluation.main()
    evaluate_page.main()
    train_page.main()
    throughput.main()
    lightning.main()
