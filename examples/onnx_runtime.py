"""Classify a picture with an `.onnx` file: `python onnx_runtime.py MODEL PICTURE`."""

import sys

import numpy as np
import onnxruntime
from PIL import Image

# A digit as in MNIST: 28x28 pixels, light ink on black.
picture = np.asarray(Image.open(sys.argv[2]).convert("L").resize((28, 28)), np.float32)
model = onnxruntime.InferenceSession(sys.argv[1])
[probabilities] = model.run(None, {model.get_inputs()[0].name: picture[None, ..., None]})[0]
print(probabilities.argmax(), f"{probabilities.max():.1%}")
