"""The process of a study: `python -m digitlab.tuning.study_main STUDY_DIR`."""

import sys
from functools import partial
from pathlib import Path

from digitlab.step_jobs import carry_out
from digitlab.tuning.optimization import run_study
from digitlab.tuning.study import Study


def main(directory: Path) -> int:
    """Carry out one study, or go on with it; the exit code is 0 on success."""
    study = Study(directory)
    return carry_out(study, partial(run_study, study))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
