"""The models on the shelf and their cards."""
