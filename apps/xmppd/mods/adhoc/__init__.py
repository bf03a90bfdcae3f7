"""adhoc — the parts of mod_adhoc that need no server: forms, results, and what is being carried out."""
