"""`python -m digitlab.worker`, see `main.py`."""

import sys

from digitlab.worker.main import main

sys.exit(main(sys.argv[1:]))
