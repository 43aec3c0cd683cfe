"""`models`: what is on the shelf."""

import argparse
import json

from digitlab.shelf import ShelvedModel, list_models


def run(options: argparse.Namespace) -> int:
    """List the models, the default first."""
    for model in list_models():
        print(_as_json(model) if options.json else _tell(model))
    return 0


def _as_json(model: ShelvedModel) -> str:
    return json.dumps({"id": model.id, **model.card}, ensure_ascii=False)


def _tell(model: ShelvedModel) -> str:
    size = f"{model.card['files']['model.tflite']['bytes'] / 1000:6,.0f} kB"
    test = f"{model.accuracy:8.2%} of {model.card['test']['n']:,} test digits"
    lines = [f"{model.id:24} {test}  {size}  {model.label}"]
    return "\n".join([*lines, *(f"  note: {note}" for note in model.notes)])
