"""From any drawing or picture to the 28x28 digit a network reads."""

from digitlab.ink.decode import decode_picture
from digitlab.ink.drawing import parse_drawing, prepare_drawing
from digitlab.ink.picture import prepare_picture
from digitlab.ink.trace import InkStep, PreparedInk

__all__ = [
    "InkStep",
    "PreparedInk",
    "decode_picture",
    "parse_drawing",
    "prepare_drawing",
    "prepare_picture",
]
