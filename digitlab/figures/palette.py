"""One meaning, one colour, in every chart."""

INK_BLUE = "#2f5d9b"
# Legible on light and on dark paper.
QUIET = "rgba(128, 132, 140, 0.45)"
TRANSPARENT = "rgba(0, 0, 0, 0)"
