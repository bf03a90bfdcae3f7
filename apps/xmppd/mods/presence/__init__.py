"""presence — the parts of mod_presence: a session's own sets, and what is sent to whom."""
