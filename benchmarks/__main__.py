"""`make bench`: the quick benchmarks, one after the other."""

from benchmarks import app_start, classify_folder, drawing_latency

if __name__ == "__main__":
    for benchmark in (drawing_latency, classify_folder, app_start):
        benchmark.main()
