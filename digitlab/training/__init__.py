"""What a training run is, without running it: settings, recipes, warnings, diagnosis."""
