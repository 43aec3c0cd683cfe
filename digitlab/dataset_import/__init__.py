"""The user's pictures become a data set."""
