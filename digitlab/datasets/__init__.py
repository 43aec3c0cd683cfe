"""Data sets as uint8 arrays, without TensorFlow: `registry` is light, `load` finds them."""
