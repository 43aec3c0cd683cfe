"""Data sets as uint8 arrays, without TensorFlow."""

from digitlab.datasets.load import Dataset, load_dataset
from digitlab.datasets.registry import DATASETS, DatasetSpec, get_dataset_spec

__all__ = ["DATASETS", "Dataset", "DatasetSpec", "get_dataset_spec", "load_dataset"]
