"""account — the stages between a stanza and the sessions of the account that sends it or that it is for."""
