"""Numbers about models: `metrics` computes them, `report` keeps them with the model."""
