"""erts."""
