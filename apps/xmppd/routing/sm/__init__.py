"""sm — the session manager: who is where, on every node the same."""
