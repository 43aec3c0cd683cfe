"""The process of a model import: `python -m digitlab.worker.import_main JOB_DIR`.

It is limited, and imports Keras only after the file was checked.
"""

import hashlib
import sys
import tempfile
import time
from pathlib import Path

from digitlab.errors import ModelStoreError
from digitlab.evaluation.report import EvaluationReport, evaluate_reader
from digitlab.files import write_json
from digitlab.inference.reader import N_DIGITS
from digitlab.model_store.card import CARD_FILE, ModelCard
from digitlab.model_store.formats import KERAS, TFLITE, ModelFormat
from digitlab.model_store.imports import MAX_MEMORY_BYTES, MAX_MINUTES, ModelImportJob
from digitlab.model_store.store import add_imported_model
from digitlab.step_jobs import StepProgress
from digitlab.upload_jobs import carry_out_import
from digitlab.worker.import_trials import Trial, find_best_trial, open_model
from digitlab.worker.imported_files import check_h5_file, check_keras_file, identify_format
from digitlab.worker.imported_graph import ImportedGraph
from digitlab.worker.model_card import (
    NO_DIGIT_THRESHOLD,
    describe_data,
    describe_files,
    describe_test,
    find_versions,
)
from digitlab.worker.process_limits import limit_process

_N_STEPS = 4
_SAMPLE_NOTE = (
    "Tested on the 1,000 test digits of the offline sample only. They are from MNIST's training "
    "set, so the model may have been trained on them. With MNIST on this machine, import it again."
)


def main(directory: Path) -> int:
    """Carry out one import; the exit code is 0 on success."""
    limit_process(memory_bytes=MAX_MEMORY_BYTES, minutes=MAX_MINUTES)
    job = ModelImportJob(directory)

    def make(progress: StepProgress) -> str:
        with tempfile.TemporaryDirectory(dir=job.directory) as folder:
            try:
                return _import(job, Path(folder), progress)
            except MemoryError as error:
                raise ModelStoreError(job.death_message) from error

    return carry_out_import(job, make)


def _import(job: ModelImportJob, draft: Path, progress: StepProgress) -> str:
    """Inspect, convert, test and store the uploaded file; returns the model's id."""
    spec, upload = job.read_spec(), job.upload_path
    model_format = identify_format(upload)
    progress(1, _N_STEPS)
    adapted, trial, n_parameters = _adapt(upload, model_format, spec.dataset, draft)
    progress(2, _N_STEPS)
    (draft / TFLITE.file_name).write_bytes(adapted)
    data = trial.dataset
    has_no_digit = data.spec.is_digits and trial.n_outputs > N_DIGITS
    threshold = NO_DIGIT_THRESHOLD if has_no_digit else None
    report = evaluate_reader(open_model(adapted, data.spec, threshold), data)
    report.save(draft / "report.npz")
    progress(3, _N_STEPS)
    card = _describe(trial, report, draft)
    if data.is_sample:
        card["data"]["notes"] = [_SAMPLE_NOTE]
    card["n_parameters"], card["no_digit_threshold"] = n_parameters, threshold
    card["imported"] = {
        "file_name": spec.file_name[:200],
        "sha256": hashlib.sha256(upload.read_bytes()).hexdigest(),
        "format": model_format.label,
        "changes": _describe_changes(trial),
    }
    write_json(draft / CARD_FILE, card)
    return add_imported_model(draft, spec.label, owner=spec.owner).id


def _adapt(
    upload: Path, model_format: ModelFormat, dataset_id: str, draft: Path
) -> tuple[bytes, Trial, int]:
    """The `.tflite` file with digitlab's input and output, how it was found, its parameters."""
    if model_format is TFLITE:
        graph = ImportedGraph(upload.read_bytes())
        trial = find_best_trial(graph, dataset_id)
        return trial.adapt(graph), trial, graph.count_parameters()
    (check_keras_file if model_format is KERAS else check_h5_file)(upload)
    # Keras takes seconds and 0.5 GB: files that were refused do without it.
    from digitlab.worker import imported_keras

    model = imported_keras.load_keras_file(upload, model_format)
    graph = ImportedGraph(imported_keras.convert_to_tflite(model, draft / TFLITE.file_name))
    trial = find_best_trial(graph, dataset_id)
    adapted = trial.adapt(graph)
    shape, images = trial.dataset.spec.image_shape, trial.dataset.images_train[:100]
    height, width, channels = (*shape, 1)[:3]
    saved = imported_keras.save_adapted(
        model,
        draft / KERAS.file_name,
        (height, width, channels),
        scale=trial.scaling.scale,
        offset=trial.scaling.offset,
        with_softmax=trial.has_logits,
    )
    outputs = open_model(adapted, trial.dataset.spec, None).compute_outputs(images)
    imported_keras.check_agreement(saved, images, outputs)
    return adapted, trial, int(model.count_params())


def _describe(trial: Trial, report: EvaluationReport, draft: Path) -> ModelCard:
    data = trial.dataset
    formats = [each for each in (KERAS, TFLITE) if (draft / each.file_name).is_file()]
    return {
        "label": "",
        "owner": "",
        "net": "",
        "n_parameters": 0,
        "no_digit_threshold": None,
        "config": {},
        "command": "",
        "ancestors": [],
        "data": describe_data(data.spec.copy_of or data.spec.id, data, n_training=0),
        "validation": {"val_accuracy": trial.accuracy, "val_loss": trial.loss},
        "temperature": None,
        "test": describe_test(report),
        "training": {"epochs": 0, "seconds": 0.0},
        "files": describe_files(draft, formats),
        "versions": find_versions(formats),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _describe_changes(trial: Trial) -> list[str]:
    changes = [f"It takes pixels {trial.scaling.label}."]
    if (trial.scaling.scale, trial.scaling.offset) != (1.0, 0.0):
        changes = [f"It takes pixels {trial.scaling.label}; a scaling from 0 to 255 was added."]
    if trial.has_logits:
        changes.append("Its outputs are logits; a softmax was added.")
    return changes


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
