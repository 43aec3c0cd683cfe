"""`teach`: go on training a model on labelled drawings."""

import argparse

from digitlab.cli.training import check_save_as, follow_to_end
from digitlab.errors import DrawingError, describe_error
from digitlab.model_store.store import get_model
from digitlab.runs.run import create_run
from digitlab.training.teaching import (
    build_taught_digits,
    build_taught_label,
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
    label = options.save_as or build_taught_label(model.label)
    # The run itself saves the model, under its own name.
    follow_to_end(create_run(config, name=options.name, label=label, taught=taught))
    return 0
