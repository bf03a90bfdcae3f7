"""observer — looks at a running program of processes: trees, the busiest, tables, messages, all of one process."""
