"""The shipped and saved models and their cards."""
