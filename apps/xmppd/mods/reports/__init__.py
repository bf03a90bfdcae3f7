"""reports — the parts of mod_reports: what is read of a report, and the queue of them."""
