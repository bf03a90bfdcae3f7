"""Rooms as values: what a room is, who may do what in it, and what follows of each stanza (XEP-0045)."""
