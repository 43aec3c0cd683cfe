"""The run directory: all that the app and the worker tell each other."""
