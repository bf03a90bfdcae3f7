"""mods."""
