"""erts — processes on one event loop: mailboxes, signals, links, names, timers."""
