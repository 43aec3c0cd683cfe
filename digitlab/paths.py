"""Where data, runs and models are stored. An environment variable overrides each folder."""

import os
import platform
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

PROJECT_DIR = Path(__file__).resolve().parents[1]


def get_data_dir() -> Path | None:
    """The folder with data set files that `DIGITLAB_DATA` names, if any."""
    named = os.environ.get("DIGITLAB_DATA")
    return Path(named).expanduser() if named else None


def get_keras_data_dir() -> Path:
    """Where Keras stores the data sets that it downloads."""
    return _get_keras_dir() / "datasets"


def get_keras_models_dir() -> Path:
    """Where Keras stores the pretrained weights that it downloads."""
    return _get_keras_dir() / "models"


def _get_keras_dir() -> Path:
    """Keras's own folder (`KERAS_HOME`, as in Keras itself)."""
    home = os.environ.get("KERAS_HOME")
    return Path(home).expanduser() if home else Path.home() / ".keras"


def get_cache_dir() -> Path:
    """Where digitlab stores its downloads (`DIGITLAB_CACHE`)."""
    named = os.environ.get("DIGITLAB_CACHE")
    return Path(named).expanduser() if named else user_cache_path("digitlab", appauthor=False)


def get_runs_dir() -> Path:
    """Where training runs are written (`DIGITLAB_RUNS`, else `runs/` in the project)."""
    named = os.environ.get("DIGITLAB_RUNS")
    return Path(named).expanduser() if named else PROJECT_DIR / "runs"


def get_studies_dir() -> Path:
    """Where hyperparameter searches are written (`DIGITLAB_STUDIES`, else `studies/`)."""
    named = os.environ.get("DIGITLAB_STUDIES")
    return Path(named).expanduser() if named else PROJECT_DIR / "studies"


def get_queue_dir() -> Path:
    """The queue of this computer's training runs, whichever process starts them."""
    return get_cache_dir() / f"queue-{platform.node() or 'local'}"


def get_shipped_models_dir() -> Path:
    """The models that are shipped with the project; read-only for the app."""
    return PROJECT_DIR / "models"


def get_user_models_dir() -> Path:
    """The user's saved models (`DIGITLAB_MODELS`)."""
    named = os.environ.get("DIGITLAB_MODELS")
    if named:
        return Path(named).expanduser()
    return user_data_path("digitlab", appauthor=False) / "models"


def get_owner_key_path() -> Path:
    """The key that signs visitors' cookies, beside the models that belong to them."""
    return get_user_models_dir() / ".owner.key"


def get_user_datasets_dir() -> Path:
    """The user's own data sets (`DIGITLAB_DATASETS`)."""
    named = os.environ.get("DIGITLAB_DATASETS")
    if named:
        return Path(named).expanduser()
    return user_data_path("digitlab", appauthor=False) / "datasets"
