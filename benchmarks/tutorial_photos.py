"""The tutorials' scripts for photos as plain Keras, beside the same settings in digitlab.

`python -m benchmarks.tutorial_photos [--images N] [--seeds N] [--nets …]` trains the tutorials'
CIFAR-10 network on N photos and VGG16 from random weights on 2,000 for three epochs each, and
prints parameters, test accuracy and seconds of both. CIFAR-10, or a copy of it, must be in
DIGITLAB_DATA or in Keras's cache.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

from benchmarks.worker_run import run_worker
from digitlab.datasets.loading import load_dataset
from digitlab.nets.summary import compute_layer_table
from digitlab.training.config import TrainConfig

EPOCHS, BATCH_SIZE, VALIDATION_SPLIT = 3, 64, 0.1
N_VGG16_IMAGES = 2_000
NETS = ("vgg_bn_cnn", "vgg16")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=45_000, help="for the CIFAR-10 network")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=NETS)
    parser.add_argument("--script", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.script:
        net, n_images, seed = options.script
        print(json.dumps(_run_plain_keras(net, int(n_images), int(seed))))
        return
    print(f"{'network':12} {'':12} {'parameters':>12} {'accuracy':>9} {'seconds':>8}")
    for net in options.nets:
        n_images = N_VGG16_IMAGES if net == "vgg16" else options.images
        seconds = {"plain": 0.0, "ours": 0.0}
        for seed in range(options.seeds):
            command = [sys.executable, "-m", "benchmarks.tutorial_photos", "--script", net]
            done = subprocess.run(
                [*command, str(n_images), str(seed)], check=True, capture_output=True, text=True
            )
            plain = json.loads(done.stdout.splitlines()[-1])
            _print_row(net, "plain Keras", **plain)
            config = TrainConfig(
                dataset="cifar10", net=net, epochs=EPOCHS, batch_size=BATCH_SIZE, seed=seed,
                validation_split=VALIDATION_SPLIT, loss="categorical_crossentropy",
                training_fraction=n_images / (50_000 * (1 - VALIDATION_SPLIT)),
                learning_rate=_get_learning_rate(net),
            )  # fmt: skip
            ours = run_worker(config)
            n_parameters = compute_layer_table(net, (32, 32, 3), 10).n_parameters
            _print_row(net, "digitlab", n_parameters, ours.test_accuracy, ours.fit_s)
            seconds["plain"] += plain["fit_s"]
            seconds["ours"] += ours.fit_s
        ratio = seconds["plain"] / seconds["ours"]
        print(f"{net:12} plain Keras / digitlab: {ratio:.2f}", flush=True)


def _print_row(net: str, name: str, n_parameters: int, test_accuracy: float, fit_s: float) -> None:
    print(f"{net:12} {name:12} {n_parameters:12,} {test_accuracy:9.4f} {fit_s:8.1f}", flush=True)


def _get_learning_rate(net: str) -> float:
    # At Adam's default rate, VGG16 without batch normalization does not learn at all.
    return 0.0001 if net == "vgg16" else 0.001


def _run_plain_keras(net: str, n_images: int, seed: int) -> dict[str, Any]:
    """The script; only the arrays are loaded by digitlab."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    scale = keras.applications.vgg16.preprocess_input if net == "vgg16" else lambda x: x / 255
    cifar = load_dataset("cifar10")
    n_train = len(cifar.images_train) - int(len(cifar.images_train) * VALIDATION_SPLIT)
    x_train = scale(cifar.images_train[:n_images].astype("float32"))
    y_train = keras.utils.to_categorical(cifar.labels_train[:n_images], 10)
    x_val = scale(cifar.images_train[n_train:].astype("float32"))
    y_val = keras.utils.to_categorical(cifar.labels_train[n_train:], 10)
    x_test = scale(cifar.images_test.astype("float32"))
    y_test = keras.utils.to_categorical(cifar.labels_test, 10)
    if net == "vgg16":
        base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
        model = keras.Sequential(
            [
                base,
                layers.Flatten(),
                layers.Dense(256, activation="relu"),
                layers.Dropout(0.5),
                layers.Dense(10, activation="softmax"),
            ]
        )
    else:
        model = keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                layers.Conv2D(32, (3, 3), activation="relu"),
                layers.BatchNormalization(),
                layers.Conv2D(32, (3, 3), activation="relu"),
                layers.BatchNormalization(),
                layers.MaxPooling2D((2, 2)),
                layers.Dropout(0.2),
                layers.Conv2D(64, (3, 3), activation="relu"),
                layers.BatchNormalization(),
                layers.Conv2D(64, (3, 3), activation="relu"),
                layers.BatchNormalization(),
                layers.MaxPooling2D((2, 2)),
                layers.Dropout(0.3),
                layers.Flatten(),
                layers.Dense(256, activation="relu"),
                layers.BatchNormalization(),
                layers.Dropout(0.5),
                layers.Dense(10, activation="softmax"),
            ]
        )
    model.compile(
        optimizer=keras.optimizers.Adam(_get_learning_rate(net)),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    begin = time.perf_counter()
    model.fit(
        x_train,
        y_train,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        validation_data=(x_val, y_val),
        verbose=2,
    )
    fit_s = time.perf_counter() - begin
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return {"n_parameters": model.count_params(), "test_accuracy": accuracy, "fit_s": fit_s}


if __name__ == "__main__":
    main()
