"""The pure parts of mod_csi, and what it keeps of a session."""
