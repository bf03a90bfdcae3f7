"""store — what must survive: one behaviour, and its backends."""
