"""The handwriting benchmark: accuracy on many sets of digits and of non-digits, in one table."""
