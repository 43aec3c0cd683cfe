"""The benchmark of reading handwriting: many sets of digits and of other things in one table."""
