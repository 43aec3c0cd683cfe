"""The command line: `python -m digitlab COMMAND`. Only the chosen command is imported."""

import argparse
import importlib
import importlib.util
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from digitlab import __version__
from digitlab.cli import arguments
from digitlab.errors import DigitlabError, RunError

# The exit code of a process that SIGINT ended: 128 + 2.
_INTERRUPTED = 130


def main(command_line: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 for success, 1 for an error, 130 after Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names can contain characters, or bytes, that the terminal cannot show.
        sys.stdout.reconfigure(errors="backslashreplace")
    options = build_parser().parse_args(command_line)
    try:
        exit_code = _run_command(options)
        # Flushed inside the `try`, so that a closed pipe (`| head`) is handled below.
        sys.stdout.flush()
    except DigitlabError as error:
        print(f"digitlab: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return exit_code


def _run_command(options: argparse.Namespace) -> int:
    command = _COMMANDS[options.command]
    missing = [name for name in command.packages if importlib.util.find_spec(name) is None]
    if missing:
        # `make run` may still be installing them in the background.
        raise RunError(
            f"`{options.command}` needs packages that are not installed: {', '.join(missing)}. "
            "Run `make install`, then try again."
        )
    run = getattr(importlib.import_module(f"digitlab.cli.{command.module}"), command.function)
    exit_code: int = run(options)
    return exit_code


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands and their options."""
    parser = argparse.ArgumentParser(prog="digitlab", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"digitlab {__version__}")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    for name, command in _COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=command.help))
    return parser


@dataclass(frozen=True)
class _Command:
    """One command.

    Attributes:
        module, function: what runs it, in `digitlab.cli`; it returns the exit code.
        packages: packages it needs beyond those of the app.
    """

    help: str
    module: str
    function: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    packages: tuple[str, ...] = ()


_TRAINING_PACKAGES = ("tensorflow", "keras", "sklearn", "pooch", "rich", "mlxtend")
_COMMANDS = {
    "classify": _Command(
        "classify digits in pictures and drawings", "models", "classify", arguments.add_classify
    ),
    "models": _Command("list the models", "models", "show_models", arguments.add_json),
    "publish-model": _Command(
        "show a visitor's model to all visitors of a hosted app", "models", "publish",
        arguments.add_delete,
    ),
    "rename-model": _Command("rename a model", "models", "rename", arguments.add_rename),
    "import-model": _Command(
        "add a model that was made elsewhere", "import_model", "import_model",
        arguments.add_import, ("tensorflow", "keras"),
    ),
    "delete-model": _Command("delete a model", "models", "delete", arguments.add_delete),
    "datasets": _Command(
        "list the data sets, or delete one of yours", "datasets", "show_datasets",
        arguments.add_datasets,
    ),
    "train": _Command(
        "train a network", "training", "train", arguments.add_train, _TRAINING_PACKAGES
    ),
    "teach": _Command(
        "teach a model your hand", "teach", "teach", arguments.add_teach, _TRAINING_PACKAGES
    ),
    "zoo": _Command(
        "train every network with the same settings, and print a table", "zoo", "train_zoo",
        arguments.add_zoo, _TRAINING_PACKAGES,
    ),
    "tune": _Command(
        "search for good settings, or go on with a search", "tune", "tune", arguments.add_tune,
        ("tensorflow", "keras", "optuna"),
    ),
    "lr-range": _Command(
        "find a good learning rate by a short test", "lr_range", "lr_range", arguments.add_lr_range,
        ("tensorflow", "keras", "plotly"),
    ),
    "test-run": _Command(
        "evaluate a trial of a search on the test set", "tune", "test_trial", arguments.add_run,
        ("tensorflow", "keras"),
    ),
    "studies": _Command(
        "list the searches, or the trials of one", "tune", "show_studies", arguments.add_studies
    ),
    "runs": _Command(
        "list the training runs and their state", "training", "show_runs", arguments.add_json,
        ("rich",),
    ),
    "stop": _Command(
        "stop a run, or remove it from the queue", "training", "stop", arguments.add_stop,
        ("rich",),
    ),
    "resume": _Command(
        "continue a run that has ended", "training", "resume", arguments.add_resume,
        _TRAINING_PACKAGES,
    ),
    "save-model": _Command(
        "save the model of a finished run", "training", "save",
        arguments.add_save_model, ("rich",),
    ),
    "code": _Command(
        "print a run, a model or settings as a script in plain Keras", "code", "print_code",
        arguments.add_code,
    ),
    "export": _Command(
        "write a model in all formats, and compare them", "export", "export",
        arguments.add_export, _TRAINING_PACKAGES,
    ),
    "evaluate": _Command(
        "test a model on labelled digits", "evaluate", "evaluate", arguments.add_evaluate,
        ("pooch", "mlxtend"),
    ),
}  # fmt: skip
