"""vcard4 — the pure parts of mod_vcard4."""
