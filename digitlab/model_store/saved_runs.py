"""Which model on the shelf a run made."""

from digitlab.model_store.card import load_card
from digitlab.model_store.formats import TFLITE
from digitlab.model_store.store import list_models
from digitlab.model_store.stored_model import StoredModel
from digitlab.owners import LOCAL_OWNER
from digitlab.runs.run import Run


def find_saved_model(run: Run, *, viewer: str = LOCAL_OWNER) -> StoredModel | None:
    """The saved model that this run made, if the viewer sees it.

    Two runs with the same settings make equal files.
    """
    try:
        card = load_card(run.directory)
        made = (card["files"][TFLITE.file_name]["sha256"], card["created"])
    except (OSError, ValueError):
        return None
    models = list_models(viewer=viewer)
    return next((one for one in models if (one.sha256, one.card["created"]) == made), None)
