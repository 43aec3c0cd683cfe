"""The run directory: the interface between app and worker."""
