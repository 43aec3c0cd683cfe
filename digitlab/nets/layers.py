"""Layer definitions without Keras.

A network is a list of these layers. `digitlab.worker.model` builds the Keras model from it and
`digitlab.nets.summary` the table of shapes and parameters, so that both always agree.
"""

from dataclasses import dataclass

from digitlab.nets.backbones import Backbone

# The choice that keeps the network's own design.
DEFAULT_CHOICE = "default"


@dataclass(frozen=True)
class ActivationSpec:
    """One activation function.

    Attributes:
        formula: in LaTeX between dollar signs; z is the weighted sum of a unit's inputs.
    """

    label: str
    formula: str


# In LaTeX between dollar signs, with the meaning of each symbol.
CONVOLUTION_FORMULA = (
    r"Convolution: $y_{ij} = b + \sum_{m,n,c} w_{mnc} \, x_{i+m,\,j+n,\,c}$: the kernel $w$ slides "
    r"over the input $x$; $m, n$ are positions in the kernel, $c$ is a channel of the input, $b$ "
    r"the bias of the filter, and $y_{ij}$ its output at row $i$, column $j$."
    "\n"
    r"Max pooling: $y_{ij} = \max_{m,n \in \{0,1\}} x_{2i+m,\,2j+n}$: of each 2×2 window of the "
    r"input $x$ only the largest value is kept, as the output $y$ at row $i$, column $j$."
)
# By Keras's names.
ACTIVATIONS = {
    "relu": ActivationSpec("ReLU", r"$\max(0, z)$"),
    "tanh": ActivationSpec("tanh", r"$\tanh z = \frac{e^z - e^{-z}}{e^z + e^{-z}}$"),
    "sigmoid": ActivationSpec("Sigmoid", r"$\sigma(z) = \frac{1}{1 + e^{-z}}$"),
    "gelu": ActivationSpec("GELU", r"$z \, \Phi(z)$, with the normal distribution $\Phi$"),
    "elu": ActivationSpec("ELU", r"$z$ if $z > 0$, else $e^z - 1$"),
    "leaky_relu": ActivationSpec("Leaky ReLU", r"$\max(0.2\,z, z)$"),
    "silu": ActivationSpec("SiLU", r"$z \, \sigma(z)$"),
}


@dataclass(frozen=True)
class NetOptions:
    """Changes to a network's design; the defaults change nothing.

    Attributes:
        activation: one of `ACTIVATIONS` in all hidden layers, or "default".
        dropout: fraction of values dropped before the last layer; None keeps the design.
        l1, l2: regularization of the kernels of convolutions and dense layers.
        batch_norm: "on" or "off" after every convolution, or "default".
    """

    activation: str = DEFAULT_CHOICE
    dropout: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    batch_norm: str = DEFAULT_CHOICE


DEFAULT_OPTIONS = NetOptions()


@dataclass(frozen=True)
class Rescaling:
    """Scales pixels from 0..255 to 0..1 inside the model, so that every export does too."""


@dataclass(frozen=True)
class Convolution:
    """A 2D convolution with a square kernel; `padding` is "same" or "valid"."""

    filters: int
    kernel_px: int
    padding: str = "valid"
    stride: int = 1
    activation: str = "linear"
    use_bias: bool = True


@dataclass(frozen=True)
class Pooling:
    """Pooling over 2x2 windows, "max" or "average"."""

    function: str = "max"

    @property
    def keras_class(self) -> str:
        """Its name in `keras.layers`."""
        return {"max": "MaxPooling2D", "average": "AveragePooling2D"}[self.function]


@dataclass(frozen=True)
class GlobalPooling:
    """The average of each channel over the whole image: a vector of any image's size."""


@dataclass(frozen=True)
class Normalization:
    """Batch normalization; `momentum` is that of the running averages.

    They must keep up with a run of about ten epochs; Keras's default of 0.99 lags.
    """

    momentum: float = 0.9


@dataclass(frozen=True)
class Activation:
    """An activation as a separate layer."""

    function: str


@dataclass(frozen=True)
class Flattening:
    """Flattens the values to a vector."""


@dataclass(frozen=True)
class Dropout:
    """Sets a fraction of the values to 0 in training."""

    rate: float


@dataclass(frozen=True)
class Dense:
    """A fully connected layer."""

    units: int
    activation: str


@dataclass(frozen=True)
class Residual:
    """The sum of two paths; an empty shortcut passes the input on unchanged."""

    branch: tuple["Layer", ...]
    shortcut: tuple["Layer", ...] = ()


PlainLayer = (
    Rescaling
    | Convolution
    | Pooling
    | GlobalPooling
    | Normalization
    | Activation
    | Flattening
    | Dropout
    | Dense
)
SimpleLayer = PlainLayer | Backbone
Layer = SimpleLayer | Residual


_MAX_POOLING = Pooling()


def conv_block(
    options: NetOptions,
    filters: int,
    kernel_px: int = 3,
    *,
    padding: str = "valid",
    stride: int = 1,
    pool: str = "",
    pooling: Pooling = _MAX_POOLING,
    default_norm: bool = False,
    norm_last: bool = False,
    default_activation: str = "relu",
) -> list[Layer]:
    """Build a convolution with its normalization, activation and pooling.

    Args:
        pool: "first" pools before normalization and activation, which then process a quarter of
            the values; for a monotonic activation the result is the same. "last" pools after
            them, as tutorials do; "" does not pool.
        pooling: how to pool.
        stride: 2 needs a quarter of the multiplications and replaces pooling.
        default_norm: whether the design has batch normalization.
        norm_last: normalize after the activation, as some tutorials do.
        default_activation: the activation of the design.
    """
    function = _choose_activation(options, default_activation)
    norm = norm_layer(options, default_norm)
    if pool != "first" and (norm_last or not norm):
        layers: list[Layer] = [Convolution(filters, kernel_px, padding, stride, function), *norm]
    else:
        # Batch normalization has its own bias.
        layers = [Convolution(filters, kernel_px, padding, stride, use_bias=not norm)]
        layers += [pooling] if pool == "first" else []
        layers += [*norm, Activation(function)]
    return layers + ([pooling] if pool == "last" else [])


def residual_block(options: NetOptions, filters: int, *, stride: int = 1) -> list[Layer]:
    """Build two 3x3 convolutions whose output is added to their input.

    Args:
        stride: 2 halves the image; a 1x1 convolution then fits the input to the sum.
    Source: He et al. 2015, figure 2 and option B.
    """
    norm = norm_layer(options, default_norm=True)
    use_bias = not norm
    branch = (
        *conv_block(options, filters, padding="same", stride=stride, default_norm=True),
        Convolution(filters, 3, "same", use_bias=use_bias),
        *norm,
    )
    shortcut: tuple[Layer, ...] = ()
    if stride > 1:
        shortcut = (Convolution(filters, 1, "same", stride, use_bias=use_bias), *norm)
    return [Residual(branch, shortcut), Activation(_choose_activation(options, "relu"))]


def norm_layer(options: NetOptions, default_norm: bool) -> list[Layer]:
    """Build batch normalization, if the options or else the design have it."""
    has_norm = default_norm if options.batch_norm == DEFAULT_CHOICE else options.batch_norm == "on"
    return [Normalization()] if has_norm else []


def dense_layer(
    options: NetOptions, units: int, *, default_activation: str = "relu"
) -> list[Layer]:
    """Build a hidden dense layer."""
    return [Dense(units, _choose_activation(options, default_activation))]


def _choose_activation(options: NetOptions, default_activation: str) -> str:
    return default_activation if options.activation == DEFAULT_CHOICE else options.activation


def dropout_layer(options: NetOptions, default_rate: float) -> list[Layer]:
    """Build dropout at the chosen rate or the design's; no layer for a rate of 0."""
    rate = default_rate if options.dropout is None else options.dropout
    return [Dropout(rate)] if rate else []


def output_layer(n_classes: int) -> list[Layer]:
    """Build the output layer: a probability for each class."""
    return [Dense(n_classes, "softmax")]
