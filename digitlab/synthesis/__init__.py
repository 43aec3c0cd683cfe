"""Generated handwriting and pictures for training."""
