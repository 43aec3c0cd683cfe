"""The table of networks."""

from collections.abc import Callable
from dataclasses import dataclass

from digitlab.errors import ConfigError
from digitlab.nets import architectures as nets
from digitlab.nets.backbones import Backbone
from digitlab.nets.layers import DEFAULT_OPTIONS, Convolution, Layer, NetOptions, Residual


@dataclass(frozen=True)
class NetSpec:
    """One network.

    Attributes:
        blurb: one line for the selection of a network.
        source: the paper or tutorial that it comes from.
        plan: takes the options and the number of classes and returns the layers in order.
    """

    id: str
    label: str
    blurb: str
    source: str
    plan: Callable[[NetOptions, int], list[Layer]]

    @property
    def backbone(self) -> Backbone | None:
        """Its base, if ImageNet weights are published for it."""
        first = self.plan(DEFAULT_OPTIONS, 1)[0]
        return first if isinstance(first, Backbone) else None

    @property
    def has_base(self) -> bool:
        """Whether it has a base that can be frozen while its head learns."""
        layers = self.plan(DEFAULT_OPTIONS, 1)
        return any(isinstance(one, Convolution | Residual | Backbone) for one in layers)


_MNIST_TUTORIALS, _OWN = "tutorials on MNIST", "designed for digitlab"

_SPECS = (
    NetSpec(
        "simple_cnn",
        "Simple CNN",
        "The network of most tutorials: two convolutions, a dense layer, dropout.",
        _MNIST_TUTORIALS,
        nets.plan_simple_cnn,
    ),
    NetSpec(
        "three_conv_cnn",
        "Three-convolution CNN",
        "The deeper network of tutorials: three convolutions, no dropout.",
        _MNIST_TUTORIALS,
        nets.plan_three_conv_cnn,
    ),
    NetSpec(
        "digitlab_cnn",
        "digitlab CNN",
        "Four convolutions with batch normalization, pooled before the activation: for accuracy.",
        _OWN,
        nets.plan_digitlab_cnn,
    ),
    NetSpec(
        "digitlab_resnet",
        "digitlab ResNet",
        "The digitlab CNN with two residual blocks: the network of the shipped model.",
        _OWN,
        nets.plan_digitlab_resnet,
    ),
    NetSpec(
        "lightning_cnn",
        "Lightning CNN",
        "Two small convolutions with stride 2: for speed.",
        _OWN,
        nets.plan_lightning_cnn,
    ),
    NetSpec(
        "photo_cnn",
        "Photo CNN",
        "For small colour photos (CIFAR-10): three convolutions with batch normalization.",
        _OWN,
        nets.plan_photo_cnn,
    ),
    NetSpec(
        "classic_cnn",
        "Classic CNN",
        "The simple CNN with a wider dense layer and no dropout, for digits and photos.",
        "tutorials on image classification",
        nets.plan_classic_cnn,
    ),
    NetSpec(
        "vgg_bn_cnn",
        "VGG-style CNN",
        "Pairs of convolutions as in VGG, with batch normalization and dropout, for CIFAR-10.",
        "tutorials on CIFAR-10",
        nets.plan_vgg_bn_cnn,
    ),
    NetSpec(
        "lenet5",
        "LeNet-5",
        "The first successful CNN, in its usual modern form. In 1998 not every filter saw all "
        "channels, pooling had weights, and the output was a distance to a template.",
        "LeCun et al. 1998",
        nets.plan_lenet5,
    ),
    NetSpec(
        "resnet20",
        "ResNet-20",
        "Twenty layers with shortcuts, which let gradients pass: deep, small and accurate.",
        "He et al. 2015, section 4.2",
        nets.plan_resnet20,
    ),
    NetSpec(
        "vgg16",
        "VGG16",
        "Thirteen 3x3 convolutions, 15 million parameters: slow on a CPU. For transfer learning.",
        "Simonyan and Zisserman 2014, with the tutorials' smaller head",
        nets.plan_vgg16,
    ),
    NetSpec(
        "resnet50",
        "ResNet-50",
        "Fifty layers with shortcuts, 24 million parameters. For transfer learning.",
        "He et al. 2015",
        nets.plan_resnet50,
    ),
    NetSpec(
        "inception_v3",
        "Inception-v3",
        "Parallel convolutions of several sizes, 22 million parameters. For transfer learning.",
        "Szegedy et al. 2015",
        nets.plan_inception_v3,
    ),
    NetSpec(
        "mobilenet_v2",
        "MobileNetV2",
        "The narrowest network made for phones: the fastest one for transfer learning.",
        "Sandler et al. 2018",
        nets.plan_mobilenet_v2,
    ),
    NetSpec(
        "mlp",
        "Multilayer perceptron",
        "One hidden layer and no convolution: it does not know which pixels are neighbours.",
        "introductory tutorials",
        nets.plan_mlp,
    ),
    NetSpec(
        "logistic_regression",
        "Logistic regression",
        "No hidden layer: one weight for each pixel and class. The baseline for all others.",
        "textbooks on machine learning",
        nets.plan_logistic_regression,
    ),
    NetSpec(
        "tiny_cnn",
        "Tiny CNN",
        "Three narrow convolutions with batch normalization: 5,266 parameters in all.",
        _OWN,
        nets.plan_tiny_cnn,
    ),
)

NETS: dict[str, NetSpec] = {spec.id: spec for spec in _SPECS}


def get_net_spec(net_id: str) -> NetSpec:
    """Return the spec with this id.

    Raises:
        ConfigError: no network has this id.
    """
    if net_id not in NETS:
        raise ConfigError(f"net is {net_id!r}; it must be one of {', '.join(NETS)}.")
    return NETS[net_id]
