"""The pretrained bases of `keras.applications`: facts about each, without Keras."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digitlab.paths import get_cache_dir, get_data_dir, get_keras_models_dir

# Instead of the id of a stored model: weights trained on ImageNet.
IMAGENET = "imagenet"
_URL = "https://storage.googleapis.com/tensorflow/keras-applications/"
_REFERENCE_PX = 224


@dataclass(frozen=True)
class WeightsFile:
    """The file of a base's ImageNet weights, without the classifier.

    Attributes:
        url: Keras's official download.
        md5: as Keras publishes it; None if it does not.
        other_names: of the same weights in another file format.
    """

    name: str
    url: str
    size_bytes: int
    md5: str | None
    other_names: tuple[str, ...] = ()

    def format_size(self) -> str:
        """The size for display: 59 MB."""
        return f"{self.size_bytes / 1e6:.0f} MB"


@dataclass(frozen=True)
class Backbone:
    """One pretrained base, and the layer of a plan that stands for it.

    Attributes:
        id: the name of its function in `keras.applications`.
        alpha: width of the layers; None where there is no choice.
        smallest_px: smaller images are enlarged ...
        enlarged_px: ... to this size.
        scaling: how its weights expect pixels: "minus_one_to_one", or "mean_bgr" for blue, green
            and red in this order, each less its mean over ImageNet.
        measure: side of the output for a side of the input, in pixels.
        n_channels: of the output.
        reference_multiplications: for one image of 224x224 pixels, roughly.
    """

    id: str
    label: str
    alpha: float | None
    smallest_px: int
    enlarged_px: int
    scaling: str
    measure: Callable[[int], int]
    n_channels: int
    n_parameters: int
    reference_multiplications: int
    weights: WeightsFile

    def fit_shape(self, height: int, width: int) -> tuple[int, int]:
        """The size at which an image enters the base."""
        if min(height, width) >= self.smallest_px:
            return height, width
        return self.enlarged_px, self.enlarged_px

    def estimate_multiplications(self, height: int, width: int) -> int:
        """For one image of this size, roughly: in proportion to its area."""
        return self.reference_multiplications * height * width // _REFERENCE_PX**2

    def find_weights(self) -> Path | None:
        """The weights on this machine: in `DIGITLAB_DATA`, Keras's cache or digitlab's own."""
        folder = get_data_dir()
        folders = [*([folder] if folder else []), get_keras_models_dir(), get_weights_dir()]
        names = (self.weights.name, *self.weights.other_names)
        candidates = (parent / name for parent in folders for name in names)
        return next((path for path in candidates if path.is_file()), None)


def get_weights_dir() -> Path:
    """Where downloaded weights are stored."""
    return get_cache_dir() / "weights"


def _measure_by_halves(side_px: int) -> int:
    """Five poolings, each of which drops an odd last row."""
    return side_px // 32


def _measure_by_rounded_halves(side_px: int) -> int:
    return -(-side_px // 32)


def _measure_inception(side_px: int) -> int:
    """Convolutions and poolings without padding: stride 2, two of size 3, and so on."""
    for stride in (2, 1, 2, 1, 2, 2, 2):
        side_px = (side_px - 3) // stride + 1
    return side_px


VGG16 = Backbone(
    "VGG16",
    "VGG16",
    alpha=None,
    smallest_px=32,
    enlarged_px=48,
    scaling="mean_bgr",
    measure=_measure_by_halves,
    n_channels=512,
    n_parameters=14_714_688,
    reference_multiplications=15_346_630_656,
    weights=WeightsFile(
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        _URL + "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        58_889_256,
        "6d6bbae143d832006294945121d1f1fc",
    ),
)
RESNET50 = Backbone(
    "ResNet50",
    "ResNet-50",
    alpha=None,
    smallest_px=32,
    enlarged_px=64,
    scaling="mean_bgr",
    measure=_measure_by_rounded_halves,
    n_channels=2048,
    n_parameters=23_587_712,
    reference_multiplications=3_858_000_000,
    weights=WeightsFile(
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        _URL + "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        94_765_736,
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
)
INCEPTION_V3 = Backbone(
    "InceptionV3",
    "Inception-v3",
    alpha=None,
    smallest_px=75,
    enlarged_px=75,
    scaling="minus_one_to_one",
    measure=_measure_inception,
    n_channels=2048,
    n_parameters=21_802_784,
    reference_multiplications=2_840_000_000,
    weights=WeightsFile(
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        _URL + "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        87_910_968,
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
)
MOBILENET_V2 = Backbone(
    "MobileNetV2",
    "MobileNetV2",
    alpha=0.35,
    smallest_px=96,
    enlarged_px=96,
    scaling="minus_one_to_one",
    measure=_measure_by_rounded_halves,
    n_channels=1280,
    n_parameters=410_208,
    reference_multiplications=59_000_000,
    weights=WeightsFile(
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5",
        _URL + "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5",
        2_019_640,
        None,
        ("mobilenet_v2_0.35_224_no_top.weights.h5",),
    ),
)
