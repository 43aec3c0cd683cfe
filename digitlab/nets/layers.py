"""A network as a list of layers, written down without Keras.

Each network is one such list. `build` turns it into a Keras model, `layers` into the table of
shapes and parameters that the app shows, so that the two cannot disagree.
"""

from dataclasses import dataclass

# The choice that leaves a network as its author made it.
DEFAULT_CHOICE = "default"
# Keras's name of each, and its label.
ACTIVATIONS = {
    "relu": "ReLU",
    "tanh": "tanh",
    "sigmoid": "Sigmoid",
    "gelu": "GELU",
    "elu": "ELU",
    "leaky_relu": "Leaky ReLU",
    "silu": "SiLU",
}


@dataclass(frozen=True)
class NetOptions:
    """Departures from a network's own design; the defaults are none.

    Attributes:
        activation: one of `ACTIVATIONS` in all hidden layers, or "default".
        dropout: share of values dropped before the last layer; None is the network's own.
        l1, l2: penalties on the kernels of convolutions and dense layers.
        batch_norm: "on" or "off" after every convolution, or "default".
    """

    activation: str = DEFAULT_CHOICE
    dropout: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    batch_norm: str = DEFAULT_CHOICE


@dataclass(frozen=True)
class Rescaling:
    """Pixels from 0..255 to 0..1, inside the model, so that every export does it too."""


@dataclass(frozen=True)
class Convolution:
    """A square kernel moved over the image, `stride` pixels at a time.

    `padding` is "same" or "valid".
    """

    filters: int
    kernel_px: int
    padding: str = "valid"
    stride: int = 1
    activation: str = "linear"
    use_bias: bool = True


@dataclass(frozen=True)
class Pooling:
    """The largest value of each 2x2 square."""


@dataclass(frozen=True)
class Normalization:
    """Batch normalisation."""


@dataclass(frozen=True)
class Activation:
    """An activation in a layer of its own."""

    function: str


@dataclass(frozen=True)
class Flattening:
    """All values in one row."""


@dataclass(frozen=True)
class Dropout:
    """A share of the values is set to 0 while training."""

    rate: float


@dataclass(frozen=True)
class Dense:
    """Every value connected with every unit."""

    units: int
    activation: str


Layer = (
    Rescaling | Convolution | Pooling | Normalization | Activation | Flattening | Dropout | Dense
)


def convolve(
    options: NetOptions,
    filters: int,
    kernel_px: int = 3,
    *,
    padding: str = "valid",
    stride: int = 1,
    pool: str = "",
    own_norm: bool = False,
    own_activation: str = "relu",
) -> list[Layer]:
    """A convolution with its normalisation, activation and pooling.

    Args:
        pool: "first" pools before normalisation and activation, which then have a quarter of the
            work; with an activation that never falls the result is the same. "last" pools after
            them, as the tutorials do; "" does not pool.
        stride: a convolution that looks at every second pixel has a quarter of the work, and needs
            no pooling.
        own_norm: whether the network's own design normalises.
        own_activation: the activation of the network's own design.
    """
    has_norm = own_norm if options.batch_norm == DEFAULT_CHOICE else options.batch_norm == "on"
    function = own_activation if options.activation == DEFAULT_CHOICE else options.activation
    if not has_norm and pool != "first":
        layers: list[Layer] = [Convolution(filters, kernel_px, padding, stride, function)]
    else:
        # Normalisation has a bias of its own.
        layers = [Convolution(filters, kernel_px, padding, stride, use_bias=not has_norm)]
        layers += [Pooling()] if pool == "first" else []
        layers += [Normalization()] if has_norm else []
        layers += [Activation(function)]
    return layers + ([Pooling()] if pool == "last" else [])


def connect(options: NetOptions, units: int, *, own_activation: str = "relu") -> list[Layer]:
    """A hidden dense layer."""
    return [
        Dense(units, own_activation if options.activation == DEFAULT_CHOICE else options.activation)
    ]


def drop(options: NetOptions, own_rate: float) -> list[Layer]:
    """Dropout at the person's rate or the network's own; no layer where that is 0."""
    rate = own_rate if options.dropout is None else options.dropout
    return [Dropout(rate)] if rate else []


def classify(n_classes: int) -> list[Layer]:
    """The last layer: a probability for each class."""
    return [Dense(n_classes, "softmax")]
