"""Which networks there are. Light: the functions that build them are named, not imported."""

from dataclasses import dataclass

from digitlab.errors import ConfigError


@dataclass(frozen=True)
class NetSpec:
    """One network.

    Attributes:
        blurb: one line for the person who chooses.
        builder: `module:function`; the function takes an image shape `(h, w, channels)` and the
            number of classes and returns a Keras model with softmax outputs.
    """

    id: str
    label: str
    blurb: str
    builder: str


_SPECS = (
    NetSpec(
        "simple_cnn",
        "Simple CNN",
        "The tutorials' network: two convolutions, one dense layer, dropout.",
        "digitlab.nets.tutorial:build_simple_cnn",
    ),
    NetSpec(
        "three_conv_cnn",
        "Three-convolution CNN",
        "The tutorials' deeper network: three convolutions, no dropout.",
        "digitlab.nets.tutorial:build_three_conv_cnn",
    ),
    NetSpec(
        "digitlab_cnn",
        "digitlab CNN",
        "Our own: four convolutions with batch normalisation, pooled before the activation.",
        "digitlab.nets.own:build_digitlab_cnn",
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
