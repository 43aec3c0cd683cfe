"""Each module prints one table; `python -m benchmarks` prints those that take a minute at most."""
