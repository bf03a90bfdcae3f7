"""config — TOML, environment and flags in; one frozen value out, or all errors at once."""
