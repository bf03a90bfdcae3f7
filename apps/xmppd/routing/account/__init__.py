"""account — what is between a stanza for a user and the sessions of that user: stages, one after the other."""
