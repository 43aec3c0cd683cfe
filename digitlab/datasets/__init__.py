"""Data sets as uint8 arrays, without TensorFlow."""
