"""Networks: `registry` knows them without Keras, `build` builds them with it."""
