"""Hyperparameter search: a study over training runs, carried out with Optuna."""
