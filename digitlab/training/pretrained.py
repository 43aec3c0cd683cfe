"""Whether a run starts from ImageNet weights, and whether they are on this machine."""

from digitlab.nets.backbones import IMAGENET, Backbone
from digitlab.nets.registry import NETS
from digitlab.training.config import TrainConfig


def find_imagenet_base(config: TrainConfig) -> Backbone | None:
    """The base of a run that starts from ImageNet weights; None for any other run."""
    return NETS[config.net].backbone if config.init_from == IMAGENET else None


def describe_missing_weights(config: TrainConfig) -> str:
    """What a run will have to download, in one sentence; empty if its weights are here."""
    base = find_imagenet_base(config)
    if base is None or base.find_weights() is not None:
        return ""
    return (
        f"The ImageNet weights of {base.label} are not on this computer. The run downloads "
        f"{base.weights.name} ({base.weights.format_size()}) from Keras; without a connection, put "
        "this file into a folder and set DIGITLAB_DATA to it before you start."
    )
