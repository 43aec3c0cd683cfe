"""`python -m digitlab.worker RUN_DIR`, or `--wait` for a run to come."""

import sys

from digitlab.worker.main import main

sys.exit(main(sys.argv[1:]))
