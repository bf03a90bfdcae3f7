"""push — the parts of mod_push: what matters, when a client is woken, what its app server is told."""
