"""One meaning, one colour, in every chart."""

INK_BLUE = "#2f5d9b"
AMBER = "#c07a1d"
RIGHT_GREEN = "#3a8a5f"
WRONG_RED = "#b5483d"
# Legible on light and on dark paper.
QUIET = "rgba(128, 132, 140, 0.45)"
TRANSPARENT = "rgba(0, 0, 0, 0)"
