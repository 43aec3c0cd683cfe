"""`tune` and `studies`: search for good settings, and list the searches."""

import argparse
import csv
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from digitlab.cli.interrupts import InterruptCounter
from digitlab.cli.settings import read_settings
from digitlab.errors import ConfigError, RunError, describe_error
from digitlab.model_store.card import load_card
from digitlab.nets.registry import NETS
from digitlab.quantities import format_count
from digitlab.runs.control import follow_run, test_run
from digitlab.runs.run import get_run
from digitlab.training.recipes import RECIPES
from digitlab.tuning.search_space import parse_range
from digitlab.tuning.study import (
    Study,
    TrialRecord,
    create_study,
    delete_study,
    find_best,
    get_study,
    list_studies,
    resume_study,
    stop_study,
)
from digitlab.tuning.study_config import StudyConfig

_INTERVAL_S = 0.2
_N_TRIALS = 30


def tune(options: argparse.Namespace) -> int:
    """Start or resume a study and follow it; Ctrl-C stops it."""
    with InterruptCounter() as interrupts:
        study = _start(options)
        config = study.read_config()
        if not options.json:
            planned = format_count(config.n_planned, "trial") if config.n_planned else "no limit"
            print(f"study {study.id}: {planned}, in {study.directory}", flush=True)
        _follow(study, config, interrupts, as_json=options.json)
    status = study.inspect()
    if status.state not in ("done", "stopped"):
        raise RunError(status.message)
    if not options.json:
        print(_describe_best(study, config))
    return 0


def _start(options: argparse.Namespace) -> Study:
    """A new study, or the one to go on with."""
    if not options.resume:
        return create_study(_read_config(options), name=options.name)
    study = get_study(options.resume)
    resume_study(study, trials=options.trials or 0, minutes=options.minutes)
    return study


def show_studies(options: argparse.Namespace) -> int:
    """List all studies, or the trials of one; or delete one."""
    if options.delete:
        delete_study(get_study(options.delete))
        print(f"{options.delete} is deleted, with the runs of its trials.")
        return 0
    if options.study is None:
        for study in list_studies():
            print(_describe_study(study, as_json=options.json))
        return 0
    study = get_study(options.study)
    config, trials = study.read_config(), study.read_trials()
    if options.out is not None:
        _write_csv(options.out, config, trials)
        return 0
    for trial in trials:
        print(_format_trial(config, trial, as_json=options.json))
    if not options.json:
        print(_describe_best(study, config))
    return 0


def _read_config(options: argparse.Namespace) -> StudyConfig:
    if options.base in RECIPES:
        options.recipe = options.base
    elif options.base in NETS:
        options.net = options.base
    elif options.base:
        raise ConfigError(
            f"There is no recipe and no network {options.base!r}. `train --list-recipes` lists the "
            f"recipes; networks: {', '.join(NETS)}."
        )
    n_trials = options.trials
    if n_trials is None:
        # A time alone is a limit, and so is a grid.
        n_trials = 0 if options.minutes or options.sampler == "grid" else _N_TRIALS
    return StudyConfig(
        base=read_settings(options).to_json(),
        space=tuple(parse_range(text) for text in options.vary),
        sampler=options.sampler,
        pruner=options.pruner,
        objective=options.objective,
        n_trials=n_trials,
        minutes=options.minutes,
        seed=options.study_seed,
        engine=options.engine,
        address=options.address,
        cpus_per_trial=options.cpus,
    )


def _follow(
    study: Study, config: StudyConfig, interrupts: InterruptCounter, *, as_json: bool
) -> None:
    """Print each trial when it has ended, until the study has; Ctrl-C stops it."""
    shown = {trial.number for trial in study.read_trials() if trial.state != "running"}
    while True:
        is_final = study.inspect().is_final
        for trial in study.read_trials():
            if trial.state != "running" and trial.number not in shown:
                shown.add(trial.number)
                print(_format_trial(config, trial, as_json=as_json), flush=True)
        if is_final:
            return
        if interrupts.n and not study.is_stop_requested():
            stop_study(study)
        time.sleep(_INTERVAL_S)


def _format_trial(config: StudyConfig, trial: TrialRecord, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(asdict(trial))
    value = "–" if trial.objective is None else f"{trial.objective:.4f}"
    return (
        f"trial {trial.number:3d}  {trial.state:8}  {config.objective} {value:>6}  "
        f"{_format_values(trial)}"
    )


def _format_values(trial: TrialRecord) -> str:
    return "  ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in trial.values.items()
    )


def _describe_best(study: Study, config: StudyConfig) -> str:
    best = find_best(config, study.read_trials())
    if best is None:
        return "no trial is complete"
    text = f"best: trial {best.number}, {config.objective} {best.objective:.4f}"
    try:
        card = load_card(get_run(best.run).directory)
        text += f", test accuracy {card['test']['accuracy']:.4f}"
    except (RunError, OSError, ValueError):
        # It was stopped before the best trial was tested.
        pass
    return f"{text}: {config.build_trial_config(best.values).format_command()}"


def _describe_study(study: Study, *, as_json: bool) -> str:
    try:
        config, trials, state = study.read_config(), study.read_trials(), study.inspect().state
    except (RunError, ConfigError) as error:
        return f"{study.id}  damaged: {error}"
    best = find_best(config, trials)
    if as_json:
        summary = {"study": study.id, "state": state, "command": config.format_command()}
        return json.dumps(summary | {"trials": len(trials), "best": asdict(best) if best else None})
    value = f"best {config.objective} {best.objective:.4f}" if best else "no complete trial"
    varied = ", ".join(one.name for one in config.space)
    return f"{study.id:20} {state:8} {format_count(len(trials), 'trial'):>10}  {value}  {varied}"


def _write_csv(path: Path, config: StudyConfig, trials: Sequence[TrialRecord]) -> None:
    names = [one.name for one in config.space]
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["number", "run", "state", config.objective, *names])
            for one in trials:
                values = [one.values.get(name) for name in names]
                writer.writerow([one.number, one.run, one.state, one.objective, *values])
    except OSError as error:
        raise RunError(f"{path} cannot be written: {describe_error(error)}.") from error


def test_trial(options: argparse.Namespace) -> int:
    """Export one trial's best epoch and evaluate it on the test set."""
    run = get_run(options.run_id)
    test_run(run)
    *_, status = follow_run(run)
    if status.state != "done":
        raise RunError(status.message or f"The run {run.id} was not evaluated.")
    test = load_card(run.directory)["test"]
    print(f"{run.id}: test accuracy {test['accuracy']:.4f} on {test['n']:,} images")
    return 0
