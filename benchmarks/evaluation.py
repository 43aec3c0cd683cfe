"""Time the evaluation: scoring compared with Keras's `evaluate`, occlusion maps, the gallery.

`python -m benchmarks.evaluation` needs MNIST in DIGITLAB_DATA, in a cache, or a connection.
"""

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from digitlab.datasets.loading import load_dataset
from digitlab.evaluation.calibration import compute_coverage
from digitlab.evaluation.gallery import ORDERS, GalleryQuery, find_samples, paginate
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.results_cache import load_report, measure_latency_ms
from digitlab.inference.saliency import compute_occlusion
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel

N_RUNS = 5
N_OCCLUSIONS = 20


def main() -> None:
    """Print a table for each shipped model."""
    for model_id in ("digitlab_cnn", "simple_cnn"):
        model = get_model(model_id)
        report = load_report(model)
        images = load_dataset("mnist").images_test
        if len(images) != len(report.labels):
            raise SystemExit("MNIST's test digits are required: set DIGITLAB_DATA to their folder.")
        print(f"\n{model_id}, {len(images):,} test digits, {os.cpu_count()} cores")
        _time_scoring(model, report, images)
        _time_views(model, report, images)


def _time_scoring(model: StoredModel, report: EvaluationReport, images: np.ndarray) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    reader = model.open_reader()
    network = keras.saving.load_model(model.directory / "model.keras", safe_mode=True)
    network.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    with_channels = images[..., None].astype(np.float32)
    methods: dict[str, Callable[[], object]] = {
        "reader (LiteRT)": lambda: reader.compute_readings(images),
        "Keras evaluate, batch 32": lambda: network.evaluate(
            with_channels, report.labels, verbose=0
        ),
        "Keras evaluate, batch 512": lambda: network.evaluate(
            with_channels, report.labels, batch_size=512, verbose=0
        ),
    }
    for name, score in methods.items():
        score()  # warm-up
        begin_s = time.process_time()
        wall_s = _measure_s(score)
        cpu_s = (time.process_time() - begin_s) / N_RUNS
        print(f"{name:28} {wall_s:7.2f} s  ({cpu_s:.2f} s of CPU time)")


def _time_views(model: StoredModel, report: EvaluationReport, images: np.ndarray) -> None:
    reader = model.open_reader()
    highest_loss = find_samples(report, GalleryQuery(order="loss"))[:N_OCCLUSIONS]
    for k in highest_loss[:2]:
        compute_occlusion(reader, images[k], [int(report.predictions[k])])
    times_s = [
        _measure_s(
            lambda k=k: compute_occlusion(reader, images[k], [int(report.predictions[k])]),  # type: ignore[misc]
            n_runs=1,
        )
        for k in highest_loss
    ]
    print(f"{'occlusion map':28} {statistics.median(times_s) * 1000:7.1f} ms")
    print(f"{'one digit':28} {measure_latency_ms(reader, images):7.3f} ms")
    for query in (GalleryQuery(correct=False, order=order) for order in ORDERS):
        find_samples(report, query)
        seconds = _measure_s(lambda query=query: paginate(find_samples(report, query), 0))  # type: ignore[misc]
        print(f"{f'gallery, {query.order}':28} {seconds * 1000:7.2f} ms")
    all_by_loss = GalleryQuery(order="loss")
    all_s = _measure_s(lambda: find_samples(report, all_by_loss))
    print(f"{'gallery, all by loss':28} {all_s * 1000:7.2f} ms")
    curve = compute_coverage(report.confidences, report.is_correct)
    print(f"{'coverage at a threshold':28} {_measure_s(lambda: curve.look_up(0.9)) * 1000:7.3f} ms")
    load_s = _measure_s(lambda: load_report(model).metrics)
    print(f"{'report loaded, all metrics':28} {load_s * 1000:7.1f} ms")


def _measure_s(work: Callable[[], object], *, n_runs: int = N_RUNS) -> float:
    """The median time of some runs."""
    times = []
    for _ in range(n_runs):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


if __name__ == "__main__":
    main()
