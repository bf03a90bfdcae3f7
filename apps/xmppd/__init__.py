"""xmppd — the server: an application of one worker, and one of the parent."""
