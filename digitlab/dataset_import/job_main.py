"""The process of an import: `python -m digitlab.dataset_import.job_main JOB_DIR`."""

import sys
from pathlib import Path

from digitlab.dataset_import.importing import import_pictures
from digitlab.dataset_import.jobs import ImportJob
from digitlab.step_jobs import StepProgress, carry_out


def main(directory: Path) -> int:
    """Carry out one import; the exit code is 0 on success."""
    job = ImportJob(directory)

    def run(progress: StepProgress) -> None:
        spec = job.read_spec()
        own = import_pictures(
            job.upload_path, spec.label, image_px=spec.image_px, progress=progress, owner=spec.owner
        )
        job.write_dataset_id(own.id)

    exit_code = carry_out(job, run)
    job.upload_path.unlink(missing_ok=True)
    return exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
