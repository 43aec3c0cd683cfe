"""The process of an export: `python -m digitlab.worker.export_main JOB_DIR`."""

import sys
import time
from pathlib import Path

import keras
import numpy as np

from digitlab.datasets.loading import Dataset, load_dataset
from digitlab.evaluation.exports import ExportedFile, save_exports
from digitlab.evaluation.jobs import AnalysisJob
from digitlab.evaluation.results_cache import measure_call_ms
from digitlab.model_store.formats import KERAS, MODEL_FORMATS, REQUIRED_FORMATS, ModelFormat
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.step_jobs import StepProgress, carry_out
from digitlab.worker.export import export_model
from digitlab.worker.runtimes import open_runtime

_N_TIMED = 30
# So long one format may classify the test images.
_LIMIT_S, _MIN_TESTED = 8.0, 200


def main(directory: Path) -> int:
    """Export and measure one model; the exit code is 0 on success."""
    job = AnalysisJob(directory)

    def export(progress: StepProgress) -> None:
        model = get_model(job.read_spec().model)
        data = model.card["data"]
        dataset = load_dataset(data["dataset"], may_download=False)
        save_exports(directory, _export_all(model, dataset, directory, progress))

    return carry_out(job, export)


def _export_all(
    model: StoredModel, dataset: Dataset, directory: Path, progress: StepProgress
) -> list[ExportedFile]:
    model.read_content()
    original = keras.saving.load_model(
        model.directory / KERAS.file_name, compile=False, safe_mode=True
    )
    shape = original.input_shape[1:]
    images = dataset.images_test.reshape(len(dataset.images_test), *shape).astype(np.float32)
    classify = open_runtime(KERAS, model.directory / KERAS.file_name)
    # The first calls compile it.
    classify(images[:_MIN_TESTED])
    begin_s = time.perf_counter()
    classify(images[:_MIN_TESTED])
    per_image_s = (time.perf_counter() - begin_s) / _MIN_TESTED
    n_tested = max(_MIN_TESTED, min(len(images), int(_LIMIT_S / per_image_s)))
    images, labels = images[:n_tested], dataset.labels_test[:n_tested]
    expected = classify(images)
    measured = []
    for done, model_format in enumerate(MODEL_FORMATS):
        progress(done, len(MODEL_FORMATS))
        folder = model.directory
        if model_format not in REQUIRED_FORMATS:
            folder = directory
            notes = export_model(original, folder, dataset.images_train, formats=[model_format])
            if notes:
                measured.append(ExportedFile(model_format.id, note=notes[0]))
                continue
        path = folder / model_format.file_name
        try:
            measured.append(_measure(model_format, path, images, labels, expected))
        except ImportError as error:
            note = f"{model_format.label} cannot be run: the package {error.name} is not installed."
            measured.append(ExportedFile(model_format.id, note=note))
    return measured


def _measure(
    model_format: ModelFormat,
    path: Path,
    images: np.ndarray,
    labels: np.ndarray,
    expected: np.ndarray,
) -> ExportedFile:
    classify = open_runtime(model_format, path)
    found = classify(images)
    # A digit network's "no digit" is no answer here.
    n_classes = max(2, int(labels.max()) + 1)
    answers, before = (each[:, :n_classes].argmax(axis=1) for each in (found, expected))
    return ExportedFile(
        model_format.id,
        path.stat().st_size,
        measure_call_ms(lambda image: classify(image[None]), images[:_N_TIMED]),
        len(images),
        float((answers == labels).mean()),
        float((answers == before).mean()),
        float(np.abs(found - expected).max()),
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
