"""`train`: start a worker, show how it goes, say what came out."""

import argparse

from digitlab.commands.live import console, show_run
from digitlab.commands.settings import read_settings
from digitlab.runs import create_run
from digitlab.shelf import check_model_id, shelve_run
from digitlab.training.doubts import find_doubts
from digitlab.training.jobs import start_run
from digitlab.training.recipes import RECIPES


def run(options: argparse.Namespace) -> int:
    """Train one network; Ctrl-C stops after the batch and keeps the best epoch."""
    if options.list_recipes:
        _list_recipes()
        return 0
    config = read_settings(options)
    for doubt in find_doubts(config):
        console.print(f"note: {doubt}")
    if options.shelve:
        check_model_id(options.shelve)
    training = create_run(config, name=options.name)
    console.print(f"run {training.id}  ({training.directory})")
    start_run(training)
    show_run(training)
    if options.shelve:
        model = shelve_run(training, options.shelve)
        console.print(f"on the shelf as {model.id}: {model.directory}")
    return 0


def _list_recipes() -> None:
    for recipe in RECIPES.values():
        console.print(f"[bold]{recipe.id}[/bold]  {recipe.label}\n  {recipe.teaches}")
        console.print(f"  {recipe.config.format_command()}", style="dim", soft_wrap=True)
