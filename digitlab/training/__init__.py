"""What a training run is, without running it."""
