"""sasl — the server's side of the SASL mechanisms, as values and steps."""
