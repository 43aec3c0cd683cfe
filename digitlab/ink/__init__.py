"""Convert any drawing or picture to the 28x28 digit that a network classifies."""

from digitlab.ink.decode import decode_picture
from digitlab.ink.drawing import prepare_drawing
from digitlab.ink.fabricjs import parse_drawing
from digitlab.ink.pipeline import InkStep, PreparedInk, prepare_picture

__all__ = [
    "InkStep",
    "PreparedInk",
    "decode_picture",
    "parse_drawing",
    "prepare_drawing",
    "prepare_picture",
]
