"""The command line: `python -m digitlab COMMAND`."""
