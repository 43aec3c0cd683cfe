"""The networks, each defined by one function; `registry.py` lists them."""

from functools import partial
from itertools import chain

from digitlab.nets.backbones import INCEPTION_V3, MOBILENET_V2, RESNET50, VGG16, Backbone
from digitlab.nets.layers import (
    Dropout,
    Flattening,
    GlobalPooling,
    Layer,
    NetOptions,
    Pooling,
    Rescaling,
    conv_block,
    dense_layer,
    dropout_layer,
    norm_layer,
    output_layer,
    residual_block,
)


def plan_digitlab_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Four convolutions with batch normalization: about 247,000 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 32, 5, pool="first", default_norm=True),  # (12, 12, 32)
        *conv_block(options, 64, padding="same", pool="first", default_norm=True),  # (6, 6, 64)
        *conv_block(options, 128, padding="same", default_norm=True),  # (6, 6, 128)
        *conv_block(options, 128, pool="first", default_norm=True),  # (2, 2, 128)
        Flattening(),  # 512
        *dropout_layer(options, 0.3),
        *output_layer(n_classes),
    ]


def plan_digitlab_resnet(options: NetOptions, n_classes: int) -> list[Layer]:
    """Eight convolutions, four of them in residual blocks: 617,130 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 32, 5, pool="first", default_norm=True),  # (12, 12, 32)
        *conv_block(options, 64, padding="same", pool="first", default_norm=True),  # (6, 6, 64)
        *residual_block(options, 64),  # (6, 6, 64)
        *conv_block(options, 128, padding="same", default_norm=True),  # (6, 6, 128)
        *residual_block(options, 128),  # (6, 6, 128)
        *conv_block(options, 128, pool="first", default_norm=True),  # (2, 2, 128)
        Flattening(),  # 512
        *dropout_layer(options, 0.3),
        *output_layer(n_classes),
    ]


def plan_lightning_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Two small convolutions with stride 2: 99 % accuracy within seconds on a CPU.

    A stride of 2 saves three quarters of each convolution, and the pooling, which takes a CPU
    longer than such small convolutions (`python -m benchmarks.lightning`).
    """
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 16, 5, stride=2, default_norm=True),  # (12, 12, 16)
        *conv_block(options, 32, 5, stride=2, default_norm=True),  # (4, 4, 32)
        Flattening(),  # 512
        *dense_layer(options, 64),
        *dropout_layer(options, 0.0),
        *output_layer(n_classes),
    ]


def plan_photo_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Three convolutions with batch normalization and a dense layer, for 32x32 colour photos."""
    return [
        Rescaling(),  # (32, 32, 3)
        *conv_block(options, 32, padding="same", pool="first", default_norm=True),  # (16, 16, 32)
        *conv_block(options, 64, padding="same", pool="first", default_norm=True),  # (8, 8, 64)
        *conv_block(options, 128, padding="same", pool="first", default_norm=True),  # (4, 4, 128)
        Flattening(),  # 2,048
        *dense_layer(options, 128),
        *dropout_layer(options, 0.4),
        *output_layer(n_classes),
    ]


def plan_simple_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Two convolutions and a dense layer with dropout: 121,930 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 32, pool="last"),  # (13, 13, 32)
        *conv_block(options, 64, pool="last"),  # (5, 5, 64)
        Flattening(),  # 1,600
        *dense_layer(options, 64),
        *dropout_layer(options, 0.5),
        *output_layer(n_classes),
    ]


def plan_three_conv_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Three convolutions and a dense layer: 93,322 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 32, pool="last"),  # (13, 13, 32)
        *conv_block(options, 64, pool="last"),  # (5, 5, 64)
        *conv_block(options, 64),  # (3, 3, 64)
        Flattening(),  # 576
        *dense_layer(options, 64),
        *dropout_layer(options, 0.0),
        *output_layer(n_classes),
    ]


def plan_classic_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Two convolutions and a wide dense layer: 225,034 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 32, pool="last"),  # (13, 13, 32)
        *conv_block(options, 64, pool="last"),  # (5, 5, 64)
        Flattening(),  # 1,600
        *dense_layer(options, 128),
        *dropout_layer(options, 0.0),
        *output_layer(n_classes),
    ]


def plan_vgg_bn_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Two pairs of convolutions, normalized after the activation: 479,786 on 32x32 colour."""
    block = partial(conv_block, options, default_norm=True, norm_last=True)
    return [
        Rescaling(),  # (32, 32, 3)
        *block(32),  # (30, 30, 32)
        *block(32),  # (28, 28, 32)
        Pooling(),  # (14, 14, 32)
        Dropout(0.2),
        *block(64),  # (12, 12, 64)
        *block(64),  # (10, 10, 64)
        Pooling(),  # (5, 5, 64)
        Dropout(0.3),
        Flattening(),  # 1,600
        *dense_layer(options, 256),
        *norm_layer(options, default_norm=True),
        *dropout_layer(options, 0.5),
        *output_layer(n_classes),
    ]


def plan_lenet5(options: NetOptions, n_classes: int) -> list[Layer]:
    """Two convolutions, average pooling, tanh: 61,706 parameters on 28x28 grey."""
    block = partial(
        conv_block, options, pool="last", pooling=Pooling("average"), default_activation="tanh"
    )
    return [
        Rescaling(),  # (28, 28, 1)
        *block(6, 5, padding="same"),  # (14, 14, 6)
        *block(16, 5),  # (5, 5, 16)
        Flattening(),  # 400
        *dense_layer(options, 120, default_activation="tanh"),
        *dense_layer(options, 84, default_activation="tanh"),
        *dropout_layer(options, 0.0),
        *output_layer(n_classes),
    ]


def plan_resnet20(options: NetOptions, n_classes: int) -> list[Layer]:
    """Nine residual blocks: 274,042 parameters on 32x32 colour."""
    blocks = [
        residual_block(options, filters, stride=2 if k == 0 and filters > 16 else 1)
        for filters in (16, 32, 64)
        for k in range(3)
    ]
    return [
        Rescaling(),  # (32, 32, 3)
        *conv_block(options, 16, padding="same", default_norm=True),  # (32, 32, 16)
        *chain.from_iterable(blocks),  # (8, 8, 64)
        GlobalPooling(),  # 64
        *dropout_layer(options, 0.0),
        *output_layer(n_classes),
    ]


def plan_vgg16(options: NetOptions, n_classes: int) -> list[Layer]:
    """Thirteen convolutions and the tutorials' small head: 14,848,586 parameters."""
    return [
        VGG16,  # (1, 1, 512) of 32x32 and 48x48
        GlobalPooling(),  # 512
        *dense_layer(options, 256),
        *dropout_layer(options, 0.5),
        *output_layer(n_classes),
    ]


def plan_resnet50(options: NetOptions, n_classes: int) -> list[Layer]:
    """Fifty layers and an output layer: 23,608,202 parameters."""
    return _plan_with_base(RESNET50, options, n_classes)


def plan_inception_v3(options: NetOptions, n_classes: int) -> list[Layer]:
    """Parallel convolutions of several sizes, and an output layer: 21,823,274 parameters."""
    return _plan_with_base(INCEPTION_V3, options, n_classes)


def plan_mobilenet_v2(options: NetOptions, n_classes: int) -> list[Layer]:
    """The narrowest MobileNetV2 and an output layer: 423,018 parameters."""
    return _plan_with_base(MOBILENET_V2, options, n_classes)


def _plan_with_base(base: Backbone, options: NetOptions, n_classes: int) -> list[Layer]:
    return [
        base,
        GlobalPooling(),
        *dropout_layer(options, 0.2),
        *output_layer(n_classes),
    ]


def plan_mlp(options: NetOptions, n_classes: int) -> list[Layer]:
    """One hidden dense layer: 101,770 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        Flattening(),  # 784
        *dense_layer(options, 128),
        *dropout_layer(options, 0.2),
        *output_layer(n_classes),
    ]


def plan_logistic_regression(options: NetOptions, n_classes: int) -> list[Layer]:
    """A weight for each pixel and class: 7,850 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        Flattening(),  # 784
        *dropout_layer(options, 0.0),
        *output_layer(n_classes),
    ]


def plan_tiny_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Three narrow convolutions with batch normalization: 5,266 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 8, 5, padding="same", pool="first", default_norm=True),  # (14, 14, 8)
        *conv_block(options, 16, padding="same", pool="first", default_norm=True),  # (7, 7, 16)
        *conv_block(options, 16, padding="same", pool="first", default_norm=True),  # (3, 3, 16)
        Flattening(),  # 144
        *dropout_layer(options, 0.0),
        *output_layer(n_classes),
    ]
