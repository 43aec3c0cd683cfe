"""What a person may change about any network without drawing a new one."""

from dataclasses import dataclass

# The choice that leaves a network as its author made it.
OWN = "own"
ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu", "elu", "leaky_relu", "silu")


@dataclass(frozen=True)
class NetOptions:
    """Departures from a network's own design; the defaults are none.

    Attributes:
        activation: one of `ACTIVATIONS` in all hidden layers, or "own".
        dropout: share of values dropped before the last layer; None is the network's own.
        l1, l2: penalties on the kernels of convolutions and dense layers.
        batch_norm: "on" or "off" after every convolution, or "own".
    """

    activation: str = OWN
    dropout: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    batch_norm: str = OWN
