"""Run `python -m benchmarks.reading`."""

import sys

from benchmarks.reading.main import main

sys.exit(main())
