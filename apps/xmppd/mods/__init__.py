"""mods — the features: each mod_* is one file that declares what it does (docs/modules.md)."""
