"""Which networks there are. Light: each is a plan, which `build` turns into a Keras model."""

from collections.abc import Callable
from dataclasses import dataclass

from digitlab.errors import ConfigError
from digitlab.nets.options import NetOptions
from digitlab.nets.own import plan_digitlab_cnn, plan_lightning_cnn, plan_photo_cnn
from digitlab.nets.plan import Layer
from digitlab.nets.tutorial import plan_simple_cnn, plan_three_conv_cnn


@dataclass(frozen=True)
class NetSpec:
    """One network.

    Attributes:
        blurb: one line for the person who chooses.
        plan: takes the options and the number of classes, returns the layers from first to last.
    """

    id: str
    label: str
    blurb: str
    plan: Callable[[NetOptions, int], list[Layer]]


_SPECS = (
    NetSpec(
        "simple_cnn",
        "Simple CNN",
        "The tutorials' network: two convolutions, one dense layer, dropout.",
        plan_simple_cnn,
    ),
    NetSpec(
        "three_conv_cnn",
        "Three-convolution CNN",
        "The tutorials' deeper network: three convolutions, no dropout.",
        plan_three_conv_cnn,
    ),
    NetSpec(
        "digitlab_cnn",
        "digitlab CNN",
        "Our own: four convolutions with batch normalisation, pooled before the activation.",
        plan_digitlab_cnn,
    ),
    NetSpec(
        "lightning_cnn",
        "Lightning CNN",
        "99 % in seconds: two slim convolutions that look at every second pixel.",
        plan_lightning_cnn,
    ),
    NetSpec(
        "photo_cnn",
        "Photo CNN",
        "For small colour photos (CIFAR-10): three convolutions with batch normalisation.",
        plan_photo_cnn,
    ),
)

NETS: dict[str, NetSpec] = {spec.id: spec for spec in _SPECS}


def get_net_spec(net_id: str) -> NetSpec:
    """The spec with this id.

    Raises:
        ConfigError: no network has this id.
    """
    if net_id not in NETS:
        raise ConfigError(f"net is {net_id!r}; it must be one of {', '.join(NETS)}.")
    return NETS[net_id]
