"""Measure the time from strokes to the answer, compared with `model.predict`.

`python -m benchmarks.drawing_latency`
"""

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from digitlab.inference.layer_outputs import LayerObserver
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.ui.layer_pictures import build_layer_pictures

ROUNDS = 100
PREDICT_ROUNDS = 5


def main() -> None:
    """Print the table."""
    model = get_model("digitlab_cnn")
    reader = model.open_reader()
    observer = LayerObserver(model.read_content())
    drawings = [build_sample_drawing(digit) for digit in range(10)]
    images = [prepare_drawing(parse_drawing(drawing)).image for drawing in drawings]
    rows = {
        "drawing to answer": _measure(
            lambda k: reader.read(prepare_drawing(parse_drawing(drawings[k])).image), ROUNDS
        ),
        "  of which: parsing the canvas's JSON": _measure(
            lambda k: parse_drawing(drawings[k]), ROUNDS
        ),
        "  of which: the network (LiteRT)": _measure(lambda k: reader.read(images[k]), ROUNDS),
    }
    rows["outputs of all layers, as pictures"] = _measure(
        lambda k: build_layer_pictures(observer.compute(images[k])), ROUNDS
    )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    keras_model = keras.saving.load_model(model.directory / "model.keras", safe_mode=True)
    rows["Keras model.predict, network only"] = _measure(
        lambda k: keras_model.predict(images[k][None, ..., None], verbose=0), PREDICT_ROUNDS
    )
    print("\nFrom strokes to an answer, one digit at a time")
    print(f"{'':38} {'median':>10} {'95 %':>10}")
    for name, times_ms in rows.items():
        high = float(np.percentile(times_ms, 95))
        print(f"{name:38} {statistics.median(times_ms):7.2f} ms {high:7.2f} ms")


def _measure(answer: Callable[[int], object], rounds: int) -> list[float]:
    """Times in milliseconds over all ten digits, after a warm-up round."""
    times_ms = []
    for round_number in range(rounds + 1):
        for k in range(10):
            begin = time.perf_counter()
            answer(k)
            if round_number:
                times_ms.append((time.perf_counter() - begin) * 1000)
    return times_ms


if __name__ == "__main__":
    main()
