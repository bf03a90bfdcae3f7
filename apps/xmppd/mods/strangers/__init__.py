"""strangers — the parts of mod_strangers: what becomes of a stranger's stanza, and what is held back."""
