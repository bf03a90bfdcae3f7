"""ui — the observer in the terminal, tab by tab; needs Textual."""
