"""Reports of an evaluation as HTML or JSON documents."""
