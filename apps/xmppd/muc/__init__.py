"""Rooms as processes: one for each room, what it keeps in the store, and how what it says reaches its occupants."""
