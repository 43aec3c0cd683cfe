"""A run as one script in plain Keras, which needs nothing of digitlab."""

from collections.abc import Iterator

from digitlab.datasets.registry import get_dataset_spec
from digitlab.datasets.spec import DatasetSpec
from digitlab.nets.backbones import IMAGENET
from digitlab.nets.registry import NETS
from digitlab.training.augmentation import plan_augmentation
from digitlab.training.config import TrainConfig
from digitlab.training.keras_network import wrap_call, write_functions, write_network
from digitlab.training.lr_schedules import LR_SCHEDULES, PLATEAU_FACTOR, PLATEAU_PATIENCE
from digitlab.training.optimizers import OPTIMIZERS


def write_keras_script(config: TrainConfig) -> str:
    """Write a script that trains, evaluates and saves the network of these settings.

    What Keras has no layer for is left out, and a comment says so. The data can be given as a file,
    so that the script runs offline.

    Raises:
        ConfigError: the data set is unknown.
    """
    spec = get_dataset_spec(config.dataset).base_spec
    height, width, *channels = spec.image_shape
    shape = (height, width, *(channels or [1]))
    n_classes = len(spec.class_names)
    usage = "FOLDER" if spec.folder else f"[{spec.id}.npz]"
    lines = [
        f'"""{NETS[config.net].label} on {_clean(spec.label)}: python script.py {usage}"""',
        "",
        "import sys",
        "",
        "import keras",
        "import numpy as np",
        "from keras import layers",
        "",
        f"EPOCHS, BATCH_SIZE = {config.epochs}, {config.batch_size}",
        f"keras.utils.set_random_seed({config.seed})",
        *_write_regularizer(config),
        *(write_functions(config, n_classes) or [""]),
        *_write_data(config, spec),
        "",
        *(f"# Left out: {sentence}" for sentence in _list_left_out(config)),
        *write_network(config, shape, n_classes, _write_augmentation(config, shape)),
        "model.summary()",
        "",
        *_write_training(config),
        "",
        "loss, accuracy = model.evaluate(x_test, y_test, verbose=0)",
        'print(f"test accuracy {accuracy:.4f}, {model.count_params():,} parameters")',
        'model.save("model.keras")',
    ]
    return "\n".join(lines) + "\n"


def _write_regularizer(config: TrainConfig) -> list[str]:
    if not config.l1 and not config.l2:
        return []
    return [f"regularizer = keras.regularizers.L1L2(l1={config.l1:g}, l2={config.l2:g})"]


def _clean(label: str) -> str:
    """A label within a docstring: a user's data set may have any name."""
    return " ".join(label.replace("\\", " ").replace('"', "'").split())


def _write_data(config: TrainConfig, spec: DatasetSpec) -> list[str]:
    if spec.folder:
        lines = _write_folder(spec)
    else:
        lines = [
            "if len(sys.argv) > 1:  # a file with x_train, y_train, x_test and y_test",
            "    data = np.load(sys.argv[1])",
            '    x_train, y_train = data["x_train"], data["y_train"]',
            '    x_test, y_test = data["x_test"], data["y_test"]',
            "else:",
            f"    (x_train, y_train), (x_test, y_test) = keras.datasets.{spec.id}.load_data()",
        ]
        if len(spec.image_shape) == 2:
            lines.append("x_train, x_test = x_train[..., None], x_test[..., None]")
        lines.append("y_train, y_test = y_train.ravel(), y_test.ravel()")
    if config.validation_split:
        lines += [
            f"n = len(x_train) - int({config.validation_split} * len(x_train))",
            "x_train, x_val, y_train, y_val = x_train[:n], x_train[n:], y_train[:n], y_train[n:]",
        ]
    if config.training_fraction < 1:
        lines += [
            f"n = max(1, round({config.training_fraction} * len(x_train)))",
            "x_train, y_train = x_train[:n], y_train[:n]",
        ]
    if config.class_weights != "none":
        lines += [
            "classes, counts = np.unique(y_train, return_counts=True)",
            "weights = len(y_train) / (len(classes) * counts)",
            "class_weight = dict(zip(classes.tolist(), weights.tolist()))",
        ]
    if config.needs_one_hot:
        n_classes = len(spec.class_names)
        names = ["y_train", "y_test", *(["y_val"] if config.validation_split else [])]
        lines += [f"{name} = keras.utils.to_categorical({name}, {n_classes})" for name in names]
    return lines


def _write_folder(spec: DatasetSpec) -> list[str]:
    px = spec.image_shape[0]
    n_all = spec.n_train + spec.n_test
    return [
        "# One folder for each class; the square in the middle of a picture is scaled.",
        "pictures = keras.utils.image_dataset_from_directory(",
        f"    sys.argv[1], image_size=({px}, {px}), crop_to_aspect_ratio=True, batch_size=None",
        ")",
        "x, y = (np.stack(part) for part in zip(*pictures.as_numpy_iterator()))",
        f"n = len(x) * {spec.n_test} // {n_all}  # for testing",
        "x_train, y_train, x_test, y_test = x[n:], y[n:], x[:n], y[:n]",
    ]


def _list_left_out(config: TrainConfig) -> Iterator[str]:
    """What Keras can't express, or what only digitlab has."""
    ranges = plan_augmentation(config)
    spec = get_dataset_spec(config.dataset)
    if ranges.elastic:
        yield f"elastic deformation by {ranges.elastic:.2g} pixels (Keras has no layer for it)."
    if ranges.degradation:
        yield "thicker, thinner, blurred and faint strokes (Keras has no layer for them)."
    if spec.synthesis:
        yield 'generated handwriting, real pen strokes and the class "no digit".'
    if config.exclude_sample:
        yield "the exclusion of digitlab's offline sample from the training data."
    if config.init_from not in ("", IMAGENET):
        yield "the weights of another model; this network starts from random ones."
    if config.teacher:
        yield "the teacher, whose probabilities are half of each label."
    if config.calibrate:
        yield "the calibration of the probabilities after training."


def _write_augmentation(config: TrainConfig, shape: tuple[int, ...]) -> list[str]:
    """Expressions of Keras's layers; they change images in training only."""
    ranges = plan_augmentation(config)
    fill = 'fill_mode="reflect"' if shape[2] == 3 else 'fill_mode="constant"'
    layers = []
    if ranges.rotation_deg:
        layers.append(f"layers.RandomRotation({ranges.rotation_deg / 360:.3g}, {fill})")
    if ranges.shift_px:
        vertical, horizontal = (f"{ranges.shift_px / side:.3g}" for side in shape[:2])
        layers.append(f"layers.RandomTranslation({vertical}, {horizontal}, {fill})")
    if ranges.zoom:
        layers.append(f"layers.RandomZoom({ranges.zoom:.3g}, {ranges.zoom:.3g}, {fill})")
    if ranges.shear:
        layers.append(f"layers.RandomShear(x_factor={ranges.shear:.3g}, {fill})")
    if ranges.flip:
        layers.append('layers.RandomFlip("horizontal")')
    return layers


def _write_training(config: TrainConfig) -> list[str]:
    switch = config.frozen_epochs if config.init_from == IMAGENET else 0
    if not switch:
        return [
            *_write_compile(config, "EPOCHS", config.learning_rate),
            *_write_fit(config, "EPOCHS", callbacks=True),
        ]
    frozen = min(switch, config.epochs)
    lines = [
        "# First the new head alone learns, then all layers at a lower rate.",
        "base.trainable = False",
        *_write_compile(config, str(frozen), config.learning_rate),
        *_write_fit(config, str(frozen), callbacks=frozen == config.epochs),
    ]
    if frozen < config.epochs:
        rate = config.learning_rate * config.fine_tuning_factor
        lines += [
            "for layer in base.layers:",
            "    layer.trainable = not isinstance(layer, layers.BatchNormalization)",
            *_write_compile(config, str(config.epochs - frozen), rate),
            *_write_fit(config, str(config.epochs - frozen), callbacks=True),
        ]
    return lines


def _write_compile(config: TrainConfig, epochs: str, rate: float) -> list[str]:
    schedule = LR_SCHEDULES[config.schedule]
    lines = []
    text = f"{rate:g}"
    if schedule.end_factor != 1:
        lines.append(f"steps = {epochs} * -(-len(x_train) // BATCH_SIZE)")
        text = "schedule"
    if schedule.warmup_fraction:
        lines += [
            f"warmup_steps = int({schedule.warmup_fraction} * steps)",
            "schedule = keras.optimizers.schedules.CosineDecay(",
            f"    {rate * schedule.start_factor:g},",
            "    steps - warmup_steps,",
            f"    alpha={schedule.end_factor:g},",
            f"    warmup_target={rate:g},",
            "    warmup_steps=warmup_steps,",
            ")",
        ]
    elif schedule.end_factor != 1:
        lines.append(
            f"schedule = keras.optimizers.schedules.ExponentialDecay({rate:g}, steps, "
            f"{schedule.end_factor:g})"
        )
    return [
        *lines,
        "model.compile(",
        *_write_optimizer(config, text),
        f"    loss={_write_loss(config)},",
        '    metrics=["accuracy"],',
        ")",
    ]


def _write_optimizer(config: TrainConfig, rate: str) -> list[str]:
    spec = OPTIMIZERS[config.optimizer]
    arguments = [rate]
    momentum = spec.default_momentum if config.momentum is None else config.momentum
    if spec.uses_momentum and momentum:
        arguments.append(f"momentum={momentum:g}")
    if config.weight_decay or spec.without_weight_decay:
        arguments.append(f"weight_decay={config.weight_decay:g}")
    if config.ema_momentum:
        arguments += ["use_ema=True", f"ema_momentum={config.ema_momentum:g}"]
    call = f"    optimizer=keras.optimizers.{spec.keras_class}"
    return wrap_call(call, arguments, end=",")


def _write_loss(config: TrainConfig) -> str:
    if config.loss == "mse":
        return '"mse"'
    if config.label_smoothing:
        smoothing = f"label_smoothing={config.label_smoothing:g}"
        return f"keras.losses.CategoricalCrossentropy({smoothing})"
    kind = "categorical_crossentropy"
    return f'"{kind}"' if config.needs_one_hot else f'"sparse_{kind}"'


def _write_fit(config: TrainConfig, epochs: str, *, callbacks: bool) -> list[str]:
    monitor = "val_loss" if config.validation_split else "loss"
    rows = []
    if config.schedule == "plateau":
        factor = f"1 / {round(1 / PLATEAU_FACTOR)}"
        rows.append(f'keras.callbacks.ReduceLROnPlateau("{monitor}", {factor}, {PLATEAU_PATIENCE})')
    if config.ema_momentum:
        rows.append("keras.callbacks.SwapEMAWeights(swap_on_epoch=True)")
    if callbacks:
        patience = config.early_stopping or epochs
        # Last: with an average of the weights, the average is restored.
        rows.append(
            f'keras.callbacks.EarlyStopping("{monitor}", patience={patience}, '
            "restore_best_weights=True)"
        )
    arguments = ["x_train", "y_train", "batch_size=BATCH_SIZE", f"epochs={epochs}"]
    if config.validation_split:
        arguments.append("validation_data=(x_val, y_val)")
    if config.class_weights != "none":
        arguments.append("class_weight=class_weight")
    comment = "# The best epoch on the validation data is kept." if callbacks else ""
    return [
        *([comment] if comment else []),
        "model.fit(",
        *(f"    {argument}," for argument in arguments),
        *(["    callbacks=[", *(f"        {row}," for row in rows), "    ],"] if rows else []),
        ")",
    ]
