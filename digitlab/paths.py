"""Where data, runs and models live. An environment variable overrides each place."""

import os
import platform
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

PROJECT_DIR = Path(__file__).resolve().parents[1]


def get_data_dir() -> Path | None:
    """The folder with data set files the user named in `DIGITLAB_DATA`, if any."""
    named = os.environ.get("DIGITLAB_DATA")
    return Path(named).expanduser() if named else None


def get_keras_data_dir() -> Path:
    """Where Keras keeps its downloads; `KERAS_HOME` moves it, as in Keras itself."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / "datasets"


def get_cache_dir() -> Path:
    """Where digitlab keeps its own downloads (`DIGITLAB_CACHE`)."""
    named = os.environ.get("DIGITLAB_CACHE")
    return Path(named).expanduser() if named else user_cache_path("digitlab", appauthor=False)


def get_runs_dir() -> Path:
    """Where training runs are written (`DIGITLAB_RUNS`, else `runs/` in the project)."""
    named = os.environ.get("DIGITLAB_RUNS")
    return Path(named).expanduser() if named else PROJECT_DIR / "runs"


def get_queue_dir() -> Path:
    """Where the training runs of this computer stand in line, whoever started them."""
    return get_cache_dir() / f"queue-{platform.node() or 'here'}"


def get_shipped_models_dir() -> Path:
    """The models that come with the project. Read-only for the app."""
    return PROJECT_DIR / "models"


def get_user_models_dir() -> Path:
    """Where a person's own models are put on the shelf (`DIGITLAB_MODELS`)."""
    named = os.environ.get("DIGITLAB_MODELS")
    if named:
        return Path(named).expanduser()
    return user_data_path("digitlab", appauthor=False) / "models"
