"""`teach`: go on training a model on labelled drawings."""

import argparse

from digitlab.cli.training import carry_out, check_save_as
from digitlab.errors import DrawingError, describe_error
from digitlab.model_store.store import get_model
from digitlab.runs.run import create_run
from digitlab.training.teaching import (
    build_taught_digits,
    build_teaching_config,
    parse_drawings,
)


def teach(options: argparse.Namespace) -> int:
    """Train, and show what the model learned and forgot."""
    model = get_model(options.model)
    try:
        content = options.file.read_bytes()
    except OSError as error:
        raise DrawingError(f"{options.file} cannot be read: {describe_error(error)}.") from error
    taught = build_taught_digits(parse_drawings(content))
    check_save_as(options)
    config = build_teaching_config(model.id, model.card["config"])
    carry_out(create_run(config, name=options.name, taught=taught), options)
    return 0
