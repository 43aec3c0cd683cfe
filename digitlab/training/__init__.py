"""Training runs: `config` and `jobs` are light, `fit` and `worker` bring Keras."""
