"""routing — from the sender to the pids of the recipients: hooks, router, session table, IQ table."""
