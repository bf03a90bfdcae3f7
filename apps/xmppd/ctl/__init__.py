"""ctl — the verbs that look at live processes, and the observer."""
