"""The MNIST script of common tutorials, as a baseline.

`python -m benchmarks.plain_keras EPOCHS` trains it and prints one JSON object. MNIST must be in
DIGITLAB_DATA or in Keras's cache.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass

from digitlab.datasets.loading import load_dataset

BATCH_SIZE = 64
VALIDATION_SPLIT = 0.1
N_TRAINING = 54_000


@dataclass(frozen=True)
class PlainRun:
    """One run of the script."""

    fit_s: float
    test_accuracy: float


def run_script(epochs: int) -> PlainRun:
    """Run the script in another process."""
    command = [sys.executable, "-m", "benchmarks.plain_keras", str(epochs)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return PlainRun(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """The script; only the arrays are loaded by digitlab."""
    import keras
    from keras import layers

    mnist = load_dataset("mnist")
    x_train = mnist.images_train[..., None].astype("float32") / 255
    x_test = mnist.images_test[..., None].astype("float32") / 255
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    begin = time.perf_counter()
    model.fit(
        x_train,
        mnist.labels_train,
        epochs=int(sys.argv[1]),
        batch_size=BATCH_SIZE,
        validation_split=VALIDATION_SPLIT,
        verbose=2,
    )
    fit_s = time.perf_counter() - begin
    _, accuracy = model.evaluate(x_test, mnist.labels_test, verbose=0)
    print(json.dumps({"fit_s": fit_s, "test_accuracy": accuracy}))


if __name__ == "__main__":
    main()
