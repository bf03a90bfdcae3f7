"""blocklist — whether a JID is on a list of blocked ones.

XEP:  0191 §2 (a full JID, a bare one, a domain with a resource, a domain with all that is below it)
Way:  mod_blocking → [blocklist]
"""

from collections.abc import Container, Iterable

from xmpp_core.jid import JID


def is_blocked(blocked: Container[str], jid: JID) -> bool:
    """Whether `jid` or what it belongs to is in `blocked`, a container of JIDs as text."""
    if jid.full in blocked or jid.bare in blocked or jid.domain in blocked:
        return True
    return bool(jid.resource) and f"{jid.domain}/{jid.resource}" in blocked


def touched(names: Iterable[str], changed: Container[str]) -> list[str]:
    """Those of `names`, JIDs as text, whom a change of these entries of the list concerns, in their order."""
    return [name for name in names if is_blocked(changed, JID.parse(name))]
