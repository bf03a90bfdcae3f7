"""stream_management — the parts of mod_stream_management: what is counted and kept of a session, and where it goes."""
