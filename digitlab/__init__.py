"""digitlab: a handwritten-digit laboratory in the browser and on the command line."""

__version__ = "0.1.0"
