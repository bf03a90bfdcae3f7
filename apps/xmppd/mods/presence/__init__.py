"""presence — the part of mod_presence that is kept with a session: whom it sees, who sees it."""
