"""The pictures behind a report: found on this machine, never fetched."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digitlab.datasets.load import Dataset, load_local_dataset
from digitlab.errors import ShelfError
from digitlab.evaluation.kept import KeptPictures
from digitlab.evaluation.lab import load_report
from digitlab.evaluation.report import EvaluationReport
from digitlab.shelf import ShelvedModel, list_models


@dataclass(frozen=True)
class Pictures:
    """A test set's pictures, as far as they are here.

    Attributes:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8; paper where a picture is not known.
        is_known: `(n,)` bool.
    """

    images: np.ndarray
    is_known: np.ndarray

    @classmethod
    def of_all(cls, images: np.ndarray) -> "Pictures":
        """A whole set."""
        return cls(images, np.ones(len(images), bool))


def load_pictures(model: ShelvedModel, report: EvaluationReport) -> Pictures | None:
    """The pictures a model was tested on: all, if the data set is on this machine.

    If it is not, those that this report and others about the same test set keep.

    Args:
        report: the model's; pictures with other labels are not the ones.
    Returns:
        None where not one is known.
    """
    dataset = find_dataset(model)
    if dataset is not None and np.array_equal(dataset.labels_test, report.labels):
        return Pictures.of_all(dataset.images_test)
    all_kept = list(_list_kept(model, report))
    if not all_kept:
        return None
    shape = all_kept[0].images.shape[1:]
    pictures = Pictures(
        np.zeros((len(report.labels), *shape), np.uint8), np.zeros(len(report.labels), bool)
    )
    for kept in all_kept:
        if kept.images.shape[1:] != shape:
            continue
        pictures.images[kept.places] = kept.images
        pictures.is_known[kept.places] = True
    return pictures


def find_dataset(model: ShelvedModel) -> Dataset | None:
    """The data set a model was trained and tested on, if this machine has it.

    Of a model that learned more than MNIST this is MNIST, on which it was tested.
    """
    data = model.card["data"]
    return load_local_dataset(data["dataset"], is_sample=bool(data.get("is_sample")))


def _list_kept(model: ShelvedModel, report: EvaluationReport) -> Iterator[KeptPictures]:
    if report.kept is not None:
        yield report.kept
    for other in list_models():
        if other.id == model.id:
            continue
        try:
            found = load_report(other)
        except ShelfError:
            # Its own page tells; here its pictures are only a help.
            continue
        if found.kept is not None and np.array_equal(found.labels, report.labels):
            yield found.kept
