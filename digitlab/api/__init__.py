"""The JSON API, for programs that use a digitlab of their own."""
