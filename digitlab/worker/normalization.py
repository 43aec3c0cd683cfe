"""Batch normalisation for training, computed by TensorFlow's fused kernel."""

from typing import Any

import keras
import tensorflow as tf


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer, computed in training by one kernel instead of a dozen operations.

    It has the name and the weights of Keras's layer, so that checkpoints fit both. It is for
    training only: models are saved with Keras's layer, so that Keras alone can load them.
    """

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> Any:
        """Normalise a batch, with its own statistics in training."""
        if not training or not self.trainable or len(inputs.shape) != 4:
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            keras.ops.convert_to_tensor(self.gamma),
            keras.ops.convert_to_tensor(self.beta),
            epsilon=self.epsilon,
            is_training=True,
        )
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + value * (1.0 - self.momentum))
        return outputs
