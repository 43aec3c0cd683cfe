"""A saved model that was tested on the offline sample; a copy of a shipped one."""

import json
import shutil

from digitlab.datasets.loading import load_local_dataset
from digitlab.evaluation.report import evaluate_reader
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.paths import get_user_models_dir


def save_sample_model() -> StoredModel:
    """Save the model as `sample_model`."""
    shipped = get_model("simple_cnn")
    directory = get_user_models_dir() / "sample_model"
    shutil.copytree(shipped.directory, directory)
    for name in ("robustness.json", "tsne.npy"):
        (directory / name).unlink()
    card = shipped.card | {"data": shipped.card["data"] | {"is_sample": True}}
    (directory / "card.json").write_text(json.dumps(card))
    dataset = load_local_dataset("mnist", is_sample=True)
    assert dataset is not None
    evaluate_reader(shipped.open_reader(), dataset).save(directory / "report.npz")
    return get_model("sample_model")
