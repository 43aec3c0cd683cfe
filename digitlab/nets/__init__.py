"""Network definitions, without Keras."""
