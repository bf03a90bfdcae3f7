"""shared_roster — the part of mod_shared_roster that needs no server."""
