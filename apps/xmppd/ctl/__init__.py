"""ctl — the command line, the control socket, the entry points of parent and worker."""
