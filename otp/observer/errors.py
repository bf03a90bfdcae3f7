"""errors — requests that the observer refuses, in words for a person.

OTP:      none; observer opens a dialog
Way:      commands, client → these → the terminal, or the program's own command line
Process:  none
"""

from __future__ import annotations


class ObserverError(Exception):
    """It could not be done: there is no such process, a node did not answer."""


class BadRequest(ObserverError):
    """What was asked for means nothing: no such order, no such node, no such command."""


class Refused(ObserverError):
    """It is not allowed here, or would take the node along."""


class NobodyListens(ObserverError):
    """Nobody answers at the socket."""
