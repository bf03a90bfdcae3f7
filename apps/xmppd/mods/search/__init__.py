"""search — the part of mod_search that needs no server."""
