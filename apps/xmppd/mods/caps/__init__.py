"""caps — the part of mod_caps that speaks of the server itself."""
