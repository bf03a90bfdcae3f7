"""roster — the parts of mod_roster: records, transitions of both sides at once, effects, the cached view."""
