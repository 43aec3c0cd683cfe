"""A study on disk that no process has carried out."""

from dataclasses import replace

from digitlab.files import write_json
from digitlab.owners import LOCAL_OWNER
from digitlab.paths import get_studies_dir
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig
from digitlab.tuning.search_space import parse_range
from digitlab.tuning.study import Study, TrialRecord
from digitlab.tuning.study_config import StudyConfig
from tests.app.runs import create_finished_run


def create_finished_study(*, owner: str = LOCAL_OWNER, name: str = "mine") -> Study:
    """A study that was stopped, with four trials, of which one has a run here."""
    run = create_finished_run("Trial", owner=owner)
    run.write_meta(replace(run.read_meta(), study=name))
    # Named as the study's process names it.
    run = Run(run.directory.rename(run.directory.with_name(f"{name}-000")))
    config = StudyConfig(
        base=TrainConfig(epochs=3).to_json(),
        space=(parse_range("learning_rate=1e-4:1e-1:log"), parse_range("optimizer=adam,sgd")),
        n_trials=4,
        full_epochs=7,
        label="*Mine* <b>",
        owner=owner,
    )
    study = Study(get_studies_dir() / name)
    study.directory.mkdir(parents=True)
    write_json(
        study.directory / "job.json", vars(config) | {"space": [vars(r) for r in config.space]}
    )
    write_json(study.directory / "status.json", {"state": "stopped", "done": 3, "total": 4})
    values = {"learning_rate": 0.002, "optimizer": "adam"}
    study.write_trials(
        [
            TrialRecord(0, run.id, "complete", values, 0.97),
            TrialRecord(1, "deleted", "complete", values | {"learning_rate": 0.05}, 0.91),
            TrialRecord(2, "", "failed", values | {"optimizer": "sgd"}, None, "The <b>reason</b>."),
            TrialRecord(3, "deleted2", "complete", values | {"optimizer": "sgd"}, 0.95),
        ]
    )
    study.write_importances({"learning_rate": 0.8, "optimizer": 0.2})
    return study
