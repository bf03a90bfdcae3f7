"""extdisco — the parts of mod_extdisco that need no server."""
