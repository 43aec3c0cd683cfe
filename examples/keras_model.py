"""Classify a picture with a `.keras` or `.h5` file: `python keras_model.py MODEL PICTURE`."""

import sys

import keras
import numpy as np
from PIL import Image

# A digit as in MNIST: 28x28 pixels, light ink on black.
picture = np.asarray(Image.open(sys.argv[2]).convert("L").resize((28, 28)), np.float32)
model = keras.saving.load_model(sys.argv[1], compile=False)
probabilities = model.predict(picture[None, ..., None], verbose=0)[0]
print(probabilities.argmax(), f"{probabilities.max():.1%}")
