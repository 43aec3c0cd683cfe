"""How well ink is read, on many sets at once, beside the way tutorials read it."""
