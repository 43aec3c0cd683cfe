"""Classify a picture with an unzipped SavedModel: `python saved_model.py FOLDER PICTURE`."""

import sys

import numpy as np
import tensorflow as tf
from PIL import Image

# A digit as in MNIST: 28x28 pixels, light ink on black.
picture = np.asarray(Image.open(sys.argv[2]).convert("L").resize((28, 28)), np.float32)
model = tf.saved_model.load(sys.argv[1])
probabilities = model.serve(tf.constant(picture[None, ..., None])).numpy()[0]
print(probabilities.argmax(), f"{probabilities.max():.1%}")
