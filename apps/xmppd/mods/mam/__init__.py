"""mam — what mod_mam decides without waiting: which messages, which query, what a client prefers."""
