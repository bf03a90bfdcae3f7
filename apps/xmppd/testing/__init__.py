"""testing — a server in a test's own process, for authors of modules and bots: docs/testing.md."""
