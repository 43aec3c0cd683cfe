"""`zoo`: train every network with the same settings and compare them in a table."""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console

from digitlab.cli.settings import read_settings
from digitlab.cli.training import finish
from digitlab.errors import ConfigError, RunError
from digitlab.evaluation.results_cache import measure_latency_ms
from digitlab.inference.reader import DigitReader
from digitlab.model_store.card import load_card
from digitlab.model_store.formats import TFLITE
from digitlab.nets.registry import NETS, get_net_spec
from digitlab.quantities import format_duration
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run, create_run, get_run
from digitlab.training.config import TrainConfig

_SEEDS = (1, 2, 3)
# A network whose epochs take longer is trained with one seed only.
_MAX_EPOCH_S = 30.0
_N_TIMED = 200

console = Console(highlight=False)


@dataclass(frozen=True)
class _Result:
    """A trained network.

    Attributes:
        digit_ms: milliseconds to classify one image, median.
        fit_s: seconds of training.
        epoch_s: seconds of an epoch, median.
    """

    accuracy: float
    n_parameters: int
    digit_ms: float
    fit_s: float
    epoch_s: float


def train_zoo(options: argparse.Namespace) -> int:
    """Train what is not trained yet, then print the table; after Ctrl-C the same command goes on.

    The test set chooses nothing: each run keeps the epoch with the lowest validation loss.
    """
    base = read_settings(options)
    names = options.nets or [net for net, spec in NETS.items() if not spec.backbone]
    results: dict[str, list[_Result]] = {}
    for net in names:
        get_net_spec(net)
    for net in names:
        results[net] = []
        for seed in _SEEDS:
            run = _train(replace(base, net=net, seed=seed))
            if run is None:
                return 1
            results[net].append(_measure(run))
            if results[net][0].epoch_s > _MAX_EPOCH_S:
                break
    _print_table(base, results)
    return 0


def _train(config: TrainConfig) -> Run | None:
    """The finished run of these settings; None if it was stopped.

    Raises:
        ConfigError: the run of this network and seed has other settings.
        RunError: training failed.
    """
    name = f"zoo-{config.dataset}-{config.net}-{config.seed}"
    run = _find_run(name) or create_run(config, name=name)
    if run.read_config() != config:
        raise ConfigError(
            f"The run {name} has other settings: {run.read_config().format_command()}. Use the "
            "same settings, or delete the run."
        )
    if inspect_run(run).state == "done":
        return run
    console.print(f"{NETS[config.net].label}, seed {config.seed}")
    finish(run)
    return run if inspect_run(run).state == "done" else None


def _find_run(name: str) -> Run | None:
    try:
        return get_run(name)
    except RunError:
        return None


def _measure(run: Run) -> _Result:
    card = load_card(run.directory)
    reader = DigitReader(run.directory / TFLITE.file_name)
    # What the pixels are does not change the time.
    images = np.zeros((_N_TIMED, *reader.image_shape), np.uint8)
    return _Result(
        card["test"]["accuracy"],
        card["n_parameters"],
        measure_latency_ms(reader, images),
        card["training"]["seconds"],
        statistics.median(row["seconds"] for row in run.read_history()),
    )


def _print_table(base: TrainConfig, results: dict[str, list[_Result]]) -> None:
    settings = base.format_command().partition(f" --net {base.net}")
    print(f"\n{settings[0].replace(' train', ' zoo')}{settings[2]}")
    print(f"{'network':22} {'parameters':>10} {'test accuracy':>20} {'an image':>10} training")
    for net, seeds in results.items():
        first = seeds[0]
        print(
            f"{net:22} {first.n_parameters:10,} {_format_accuracy(seeds):>20} "
            f"{first.digit_ms:7.3f} ms {format_duration(first.fit_s)}"
        )


def _format_accuracy(seeds: Sequence[_Result]) -> str:
    accuracies = [result.accuracy for result in seeds]
    mean = f"{statistics.mean(accuracies):.4f}"
    if len(accuracies) == 1:
        return f"{mean} (1 seed)"
    return f"{mean} ± {statistics.stdev(accuracies):.4f}"
