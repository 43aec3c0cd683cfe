"""From an image to an answer."""
