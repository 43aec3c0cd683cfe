"""Hyperparameter searches: the real command, study process, Optuna and worker processes."""

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import optuna
import pytest

from digitlab.cli.main import main
from digitlab.errors import RunError
from digitlab.model_store.store import save_model
from digitlab.runs.health import inspect_run
from digitlab.runs.run import get_run, list_runs
from digitlab.training.config import TrainConfig
from digitlab.tuning.sampling import PRUNER_BUILDERS, SAMPLER_BUILDERS, suggest
from digitlab.tuning.search_space import parse_range
from digitlab.tuning.study import (
    COMPLETE,
    count_finished,
    create_study,
    delete_study,
    find_best,
    get_storage_url,
    get_study,
    list_studies,
    resume_study,
    stop_study,
)
from digitlab.tuning.study_config import PRUNERS, SAMPLERS, StudyConfig
from tests.conftest import PROJECT_DIR
from tests.worker.workers import LIMIT_S, wait_until

BASE = TrainConfig(net="logistic_regression", epochs=2, training_fraction=0.2)


def build_config(*ranges, base=BASE, **changes):
    space = tuple(parse_range(text) for text in ranges or ("learning_rate=1e-3:1e-1:log",))
    return StudyConfig(base=base.to_json(), space=space, **changes)


def wait_for_end(study):
    wait_until(lambda: study.inspect().is_final)
    return study.inspect()


def test_a_search_trains_prunes_and_tests_the_best_trial_only(capsys, tmp_path):
    """With real training: a learning rate of 10 or 1e-7 is soon worse than the others."""
    assert main(
        ["tune", "--base", "logistic_regression", "--set", "epochs=3", "--set",
         "training_fraction=0.2", "--vary", "learning_rate=1e-7,1e-2,2e-2,10", "--sampler", "grid",
         "--name", "first"]
    ) == 0  # fmt: skip
    printed = capsys.readouterr().out
    study = get_study("first")
    config, trials = study.read_config(), study.read_trials()
    assert [trial.state for trial in trials].count("running") == 0
    assert count_finished(trials) == config.n_planned == len(trials) == 4
    assert sorted(trial.values["learning_rate"] for trial in trials) == [1e-7, 0.01, 0.02, 10.0]
    best = find_best(config, trials)
    assert best.values["learning_rate"] in (0.01, 0.02)
    card = json.loads((get_run(best.run).directory / "card.json").read_text())
    last = printed.splitlines()[-1]
    assert last.startswith(f"best: trial {best.number}, val_accuracy {best.objective:.4f}, test")
    assert f"test accuracy {card['test']['accuracy']:.4f}" in last
    for trial in trials:
        run = get_run(trial.run)
        assert run.read_meta().study == "first"
        assert run.has_model == (trial.number == best.number)
        assert trial.objective == max(row["val_accuracy"] for row in run.read_history())
    assert save_model(get_run(best.run), label="Winner").accuracy == card["test"]["accuracy"]

    assert main(["studies", "first", "--out", str(tmp_path / "trials.csv")]) == 0
    with (tmp_path / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["run"] for row in rows] == [trial.run for trial in trials]
    assert main(["studies", "first", "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [0, 1, 2, 3]
    with pytest.raises(RunError, match="has all its 4 trials"):
        resume_study(study)
    # Another trial is tested when the user asks for it.
    other = next(one for one in trials if one.state == COMPLETE and one.number != best.number)
    assert main(["test-run", other.run]) == 0
    assert "test accuracy" in capsys.readouterr().out
    assert len(get_run(other.run).read_history()) == 3


def test_every_sampler_and_pruner_can_be_built():
    config = build_config("learning_rate", "dropout")
    assert SAMPLER_BUILDERS.keys() == SAMPLERS.keys()
    assert PRUNER_BUILDERS.keys() == PRUNERS.keys()
    for build_sampler in SAMPLER_BUILDERS.values():
        for build_pruner in PRUNER_BUILDERS.values():
            study = optuna.create_study(
                sampler=build_sampler(config, 0), pruner=build_pruner(config)
            )
            study.optimize(lambda trial: sum(suggest(trial, one) for one in config.space), 3)
            assert len(study.trials) == 3


@pytest.fixture
def stub_trainer(monkeypatch):
    """Real processes, but a stub for the training, which takes seconds."""
    monkeypatch.setenv("DIGITLAB_TRAINER", "tests.stub_trainer")


@pytest.mark.usefixtures("stub_trainer")
class TestInterruptions:
    def test_a_killed_worker_and_a_killed_study_lose_no_trial(self):
        config = build_config(base=TrainConfig(epochs=2, batch_size=16), n_trials=4, pruner="none")
        study = create_study(config, name="killed")
        os.kill(self.wait_for_training(study).pid, signal.SIGKILL)
        wait_until(lambda: count_finished(study.read_trials()) >= 1)
        self.wait_for_training(study)
        study.inspect().process.terminate(timeout_s=0)
        status = wait_for_end(study)
        assert status.state == "failed" and "Resume it" in status.message
        before = [one for one in study.read_trials() if one.state == COMPLETE]
        resume_study(study)
        assert wait_for_end(study).state == "done"
        trials = study.read_trials()
        assert count_finished(trials) == 4
        assert [one for one in trials if one in before] == before
        # What was cut off was repeated with the same values, in the same run.
        failed = [one for one in trials if one.state == "failed"]
        assert len(failed) == 2
        for one in failed:
            [again] = [two for two in trials if two.run == one.run and two.state == COMPLETE]
            assert again.values == one.values
        assert len(list_runs()) == 4

        delete_study(study)
        assert list_runs() == []
        # One of the same name begins anew, although Optuna's storage has the old trials.
        again = create_study(replace(config, n_trials=1), name="killed")
        assert wait_for_end(again).state == "done"
        assert [trial.number for trial in again.read_trials()] == [0]

    def test_a_stopped_study_goes_on_with_the_trial_that_ran(self):
        config = build_config(base=TrainConfig(epochs=3, batch_size=16), n_trials=2, pruner="none")
        study = create_study(config, name="stopped")
        self.wait_for_training(study)
        wait_until(lambda: get_run(study.read_trials()[0].run).read_history())
        stop_study(study)
        assert wait_for_end(study).state == "stopped"
        with pytest.raises(RunError, match="There is no study"):
            get_study("unknown")
        # As if the process had been killed before the first sign of life of its next trial.
        optuna.load_study(study_name=study.id, storage=get_storage_url()).ask()
        resume_study(study)
        assert wait_for_end(study).state == "done"
        assert len(list_runs()) == count_finished(study.read_trials()) == 2
        assert all(len(run.read_history()) == 3 for run in list_runs())

    def test_time_is_a_limit_and_ctrl_c_stops(self):
        config = build_config(base=TrainConfig(epochs=1, batch_size=64), n_trials=0, minutes=0.05)
        study = create_study(config)
        assert wait_for_end(study).state == "done"
        assert 1 <= count_finished(study.read_trials()) < 30
        command = [sys.executable, "-m", "digitlab", "tune", "--base", "simple_cnn", "--batch-size",
                   "2", "--vary", "dropout", "--name", "cancelled"]  # fmt: skip
        with subprocess.Popen(
            command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            wait_until(lambda: "cancelled" in [one.id for one in list_studies()])
            self.wait_for_training(get_study("cancelled"))
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0
        assert "no trial is complete" in output
        assert get_study("cancelled").inspect().state == "stopped"

    def wait_for_training(self, study):
        """The status of the trial that trains."""

        def look():
            assert not study.inspect().is_final, study.inspect()
            running = [one for one in study.read_trials() if one.state == "running" and one.run]
            status = inspect_run(get_run(running[-1].run)) if running else None
            return status if status and status.state == "training" else None

        return wait_until(look)[0]


def test_a_bad_storage_is_one_sentence(monkeypatch):
    monkeypatch.setenv("DIGITLAB_STUDY_STORAGE", "mystery://nowhere")
    status = wait_for_end(create_study(build_config(n_trials=1)))
    assert status.state == "failed"
    assert "Check DIGITLAB_STUDY_STORAGE" in status.message
