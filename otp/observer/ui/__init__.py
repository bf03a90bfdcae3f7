"""observer — the live server in the terminal, tab by tab; needs Textual (the extra `observer`)."""
