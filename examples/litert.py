"""Classify a picture with any of the `.tflite` files: `python litert.py MODEL PICTURE`."""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

# A digit as in MNIST: 28x28 pixels, light ink on black.
picture = np.asarray(Image.open(sys.argv[2]).convert("L").resize((28, 28)), np.float32)
model = Interpreter(sys.argv[1])
model.allocate_tensors()
model.set_tensor(model.get_input_details()[0]["index"], picture[None, ..., None])
model.invoke()
probabilities = model.get_tensor(model.get_output_details()[0]["index"])[0]
print(probabilities.argmax(), f"{probabilities.max():.1%}")
