"""`code`: print a run's or a model's training as a script in plain Keras."""

import argparse
import sys

from digitlab.cli.settings import read_settings
from digitlab.errors import ConfigError, RunError, describe_error
from digitlab.model_store.store import list_models
from digitlab.runs.run import get_run
from digitlab.training.config import TrainConfig
from digitlab.training.keras_script import write_keras_script


def print_code(options: argparse.Namespace) -> int:
    """Print the script, or write it to a file."""
    script = write_keras_script(_find_config(options))
    if options.out is None:
        sys.stdout.write(script)
        return 0
    try:
        options.out.write_text(script, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{options.out} cannot be written: {describe_error(error)}.") from error
    return 0


def _find_config(options: argparse.Namespace) -> TrainConfig:
    """The settings of the run or model that is named, else those of the options."""
    name = options.run_or_model
    if name is None:
        return read_settings(options)
    for model in list_models():
        if model.id == name:
            return model.read_config()
    try:
        return get_run(name).read_config()
    except RunError as error:
        raise RunError(f"There is no run and no model {name}.") from error
