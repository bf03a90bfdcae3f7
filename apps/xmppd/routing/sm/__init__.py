"""sm — the session manager: which sessions there are and on which node, the same table on every node."""
