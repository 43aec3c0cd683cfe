"""The process of an import: `python -m digitlab.dataset_import.job_main JOB_DIR`."""

import sys
from pathlib import Path

from digitlab.dataset_import.importing import import_pictures
from digitlab.dataset_import.jobs import ImportJob
from digitlab.step_jobs import StepProgress
from digitlab.upload_jobs import carry_out_import


def main(directory: Path) -> int:
    """Carry out one import; the exit code is 0 on success."""
    job = ImportJob(directory)

    def make(progress: StepProgress) -> str:
        spec = job.read_spec()
        return import_pictures(
            job.upload_path, spec.label, image_px=spec.image_px, progress=progress, owner=spec.owner
        ).id

    return carry_out_import(job, make)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
