"""xmpp_core — XMPP as values and tables; no process, no input or output."""
