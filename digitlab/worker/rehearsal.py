"""A training of no account, which takes TensorFlow's first steps before anybody waits for them."""

import keras
import numpy as np

from digitlab.datasets.registry import get_dataset_spec
from digitlab.training.config import TrainConfig
from digitlab.worker.model import build_net
from digitlab.worker.optimization import build_loss, build_metric, build_optimizer

_N_BATCHES = 2


def rehearse() -> None:
    """Fit the usual network to a few blank images and forget it.

    TensorFlow makes much of what it needs at its first use only: the training that follows in
    this process begins about half a second earlier. It comes to the same weights as without.
    """
    config = TrainConfig()
    spec = get_dataset_spec(config.dataset)
    n_images = _N_BATCHES * config.batch_size
    blank = np.zeros((n_images, *spec.image_shape), np.uint8), np.zeros(n_images, np.int64)
    model = build_net(config.net, spec.image_shape, len(spec.class_names), config.net_options)
    model.compile(
        optimizer=build_optimizer(config, _N_BATCHES),
        loss=build_loss(config),
        metrics=[build_metric(config)],
    )
    model.optimizer.build(model.trainable_variables)
    model.fit(*blank, batch_size=config.batch_size, validation_data=blank, epochs=1, verbose=0)
    # The layers of the next network are to be called as those of a first one.
    keras.backend.clear_session()
