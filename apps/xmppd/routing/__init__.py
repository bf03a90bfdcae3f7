"""routing — from the sender to the pids of who gets it: hooks, router, session table, IQ table."""
