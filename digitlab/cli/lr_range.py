"""`lr-range`: train a little with a rising learning rate, and say which rate is good."""

import argparse
import json
from dataclasses import asdict

from digitlab.cli.settings import read_settings
from digitlab.errors import RunError
from digitlab.figures.lr_range import describe_lr_range
from digitlab.runs.lr_range import start_lr_range

_N_ROWS = 20


def lr_range(options: argparse.Namespace) -> int:
    """Carry out the test, and print the losses and the suggestion."""
    job = start_lr_range(read_settings(options))
    status = job.wait()
    result = job.read_result()
    if result is None:
        raise RunError(status.message or "The test was stopped.")
    if options.json:
        print(json.dumps(asdict(result) | {"suggestion": result.suggestion}))
        return 0
    print("learning rate    loss, smoothed")
    step = max(1, len(result.smoothed) // _N_ROWS)
    for rate, loss in list(zip(result.rates, result.smoothed, strict=True))[::step]:
        print(f"{rate:13.2g}  {loss:8.4f}")
    marks = {"steepest": result.steepest, "diverging": result.diverging}
    print(describe_lr_range(result.rates, **marks))
    if result.suggestion is not None:
        print(f"suggestion: --learning-rate {result.suggestion:g}")
    return 0
