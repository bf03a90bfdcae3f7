"""testing — a server in a test's own process, for who writes a module or a bot: docs/testing.md."""
