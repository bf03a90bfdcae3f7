"""jid — an XMPP address as a frozen value.

Parts are prepared once, when the value is made; two JIDs that name the same entity are equal and
have the same `full` string. Parsing is remembered in a bounded cache: the hot path is one look-up.

RFC:  7622 (syntax, preparation); 6120 §1.4
"""

import sys
from functools import lru_cache
from typing import Any

from xmpp_core import prep

_CACHED = 8192
_set = object.__setattr__


class JidError(ValueError):
    """Not an address (answered as jid-malformed)."""


class JID:
    """local@domain/resource; `local` and `resource` are "" when absent.

    `bare` and `full` are strings, made once. Raises JidError for parts that cannot be prepared.

    >>> JID("Juliet", "Example.COM", "Balcony").full
    'juliet@example.com/Balcony'
    """

    __slots__ = ("_bare", "bare", "domain", "full", "local", "resource")

    local: str
    domain: str
    resource: str
    bare: str
    full: str
    _bare: "JID | None"

    def __init__(self, local: str, domain: str, resource: str = "") -> None:
        try:
            _fill(
                self,
                prep.local(local) if local else "",
                prep.domain(domain),
                prep.resource(resource) if resource else "",
            )
        except prep.PrepError as error:
            raise JidError(str(error)) from error

    @staticmethod
    def parse(text: str) -> "JID":
        """The JID written in `text`. Raises JidError. RFC: 7622 §3.1 (first "/" ends the bare part)"""
        return _parse(text)

    @property
    def is_bare(self) -> bool:
        """True if there is no resource."""
        return not self.resource

    def bare_jid(self) -> "JID":
        """The same address without its resource (itself if there is none)."""
        if not self.resource:
            return self
        if self._bare is None:
            _set(self, "_bare", _prepared(self.local, self.domain, ""))
        assert self._bare is not None
        return self._bare

    def domain_jid(self) -> "JID":
        """The address of the domain alone."""
        return self if self.full == self.domain else _parse(self.domain)

    def with_resource(self, resource: str) -> "JID":
        """The same account at another resource. Raises JidError."""
        try:
            jid = _prepared(self.local, self.domain, prep.resource(resource))
        except prep.PrepError as error:
            raise JidError(str(error)) from error
        _set(jid, "_bare", self.bare_jid())
        return jid

    def to_wire(self) -> str:
        """As one string, for the codec between nodes."""
        return self.full

    @staticmethod
    def from_wire(wire: str) -> "JID":
        """The inverse of `to_wire`."""
        return _parse(wire)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"JID is frozen: {name}")

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, JID) and self.full == other.full)

    def __lt__(self, other: "JID") -> bool:
        return self.full < other.full

    def __hash__(self) -> int:
        return hash(self.full)

    def __str__(self) -> str:
        return self.full

    def __repr__(self) -> str:
        return f"JID({self.full!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _parse, (self.full,)


def _fill(jid: JID, local: str, domain: str, resource: str) -> None:
    bare = f"{local}@{domain}" if local else domain
    _set(jid, "local", local)
    _set(jid, "domain", sys.intern(domain))
    _set(jid, "resource", resource)
    _set(jid, "bare", bare)
    _set(jid, "full", f"{bare}/{resource}" if resource else bare)
    _set(jid, "_bare", None)


def _prepared(local: str, domain: str, resource: str) -> JID:
    jid = object.__new__(JID)
    _fill(jid, local, domain, resource)
    return jid


@lru_cache(_CACHED)
def _parse(text: str) -> JID:
    if len(text) > 3 * prep.MAX_OCTETS + 2:
        raise JidError("too long")
    bare, slash, resource = text.partition("/")
    local, at, domain = bare.rpartition("@")
    if (slash and not resource) or (at and not local) or "@" in local:
        raise JidError(f"not an address: {text[:80]!r}")
    return JID(local, domain, resource)
