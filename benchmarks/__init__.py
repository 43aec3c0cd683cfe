"""Benchmarks. Each module prints one table; `python -m benchmarks` runs those of `make bench`."""
