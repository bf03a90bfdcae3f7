"""service_lists — the parts of mod_service_lists: the rules, and the process that keeps the lists in memory."""
