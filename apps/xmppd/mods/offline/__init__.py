"""offline — the parts of mod_offline: what puts messages on disk, what hands them over."""
