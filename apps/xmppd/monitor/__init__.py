"""monitor — what programs that watch the server are told: metrics of all nodes, and whether this one is well."""
