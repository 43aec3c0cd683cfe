"""`datasets`, and `train --data`: the user's own data sets on the command line."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from digitlab.dataset_import.importing import DEFAULT_IMAGE_PX, import_pictures
from digitlab.datasets.registry import DATASETS, find_dataset_spec
from digitlab.datasets.user_datasets import (
    MAX_LABEL_LENGTH,
    UserDataset,
    delete_user_dataset,
    list_user_datasets,
)
from digitlab.errors import ConfigError, DatasetUnavailableError
from digitlab.quantities import format_count


def show_datasets(options: argparse.Namespace) -> int:
    """Print a table, or one JSON object per data set; or delete one of the user's."""
    if options.delete:
        return _delete(options.delete)
    for spec in DATASETS.values():
        n_train = spec.n_train or spec.base_spec.n_train
        if options.json:
            print(json.dumps({
                "id": spec.id, "label": spec.label, "class_names": spec.class_names,
                "image_shape": spec.image_shape, "n_train": n_train, "n_test": spec.n_test,
            }))  # fmt: skip
        else:
            print(_format_row(spec.id, len(spec.class_names), n_train, spec.n_test, spec.label))
    for own in list_user_datasets():
        if options.json:
            print(json.dumps(asdict(own), ensure_ascii=False))
        else:
            n_classes = len(own.class_names)
            print(_format_row(own.id, n_classes, own.n_train, own.n_test, f"{own.label} (yours)"))
    return 0


def _format_row(dataset_id: str, n_classes: int, n_train: int, n_test: int, label: str) -> str:
    counts = f"{n_classes:4} classes  {n_train:7,} training  {n_test:7,} test images"
    return f"{dataset_id:24} {counts}  {label}"


def _delete(dataset_id: str) -> int:
    spec = find_dataset_spec(dataset_id)
    if spec is not None and spec.folder is None:
        raise DatasetUnavailableError(
            f"{spec.label} is a published data set; it stays in the list."
        )
    delete_user_dataset(dataset_id)
    print(f"{dataset_id} was deleted. Its runs and models are kept.")
    return 0


def import_data(path: Path, *, image_px: int | None) -> str:
    """Make a data set of a folder or zip, and print what was found; returns its id."""
    name = path.resolve().name if path.is_dir() else path.stem
    own = import_pictures(
        path,
        name[:MAX_LABEL_LENGTH],
        image_px=image_px or DEFAULT_IMAGE_PX,
        progress=_show_progress if sys.stderr.isatty() else None,
    )
    _print_found(own)
    return own.id


def choose_dataset(options: argparse.Namespace) -> None:
    """Import the data that `--data` names, and set `--dataset` to it.

    Raises:
        ConfigError: the options contradict each other.
    """
    if options.data is None:
        if options.image_px is not None:
            raise ConfigError("--image-px is the size of your own images: name them with --data.")
        return
    if hasattr(options, "dataset"):
        raise ConfigError("--data and --dataset both name the data: use one of them.")
    options.dataset = import_data(options.data, image_px=options.image_px)


def _show_progress(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    print(f"\r{done:,} of {total:,} pictures", end=end, file=sys.stderr, flush=True)


def _print_found(own: UserDataset) -> None:
    print(
        f"data set {own.id}: {format_count(own.n_train, 'training image')}, "
        f"{format_count(own.n_test, 'test image')}, {len(own.class_names)} classes"
    )
    for name, count in zip(own.class_names, own.counts, strict=True):
        print(f"  {count:6,}  {name}")
    for sentence in own.describe_left_out():
        print(f"note: {sentence}")
    print(f"note: {own.resize_rule}")
