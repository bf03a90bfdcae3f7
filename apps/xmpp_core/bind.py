"""bind — which resource a client gets when it binds.

Way:      c2s, on the Bind action → [choose] → BindResult
RFC:      6120 §7.6 (server-chosen), §7.7 (client's wish, conflicts)
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError


class Policy(StrEnum):
    """What happens when the wanted resource is in use (RFC 6120 §7.7.2.2)."""

    ACCEPTNEW = "acceptnew"  # the new session gets it, the old one is ended with <conflict/>
    SETRESOURCE = "setresource"  # the new session gets another one
    CLOSENEW = "closenew"  # the new session is refused


@dataclass(frozen=True, slots=True)
class Choice:
    """The full JID to bind, and whether a session that has it now must go first."""

    jid: JID
    replaces: bool = False


def choose(
    account: JID,
    wanted: str,
    taken: Collection[str],
    fresh: str,
    policy: Policy = Policy.ACCEPTNEW,
    max_resources: int = 10,
) -> Choice:
    """The resource for a new session of account (bare).

    wanted: the client's wish, "" for none. taken: resources in use. fresh: a random one (at least
    128 bits), used where the server chooses. Raises StanzaError: bad-request (not a resource),
    conflict, resource-constraint (all max_resources in use).
    """
    try:
        jid = account.with_resource(wanted or fresh)
    except JidError as error:
        raise StanzaError("bad-request") from error
    clash = jid.resource in taken
    if clash and policy is Policy.CLOSENEW:
        raise StanzaError("conflict", type_="modify")
    if clash and policy is Policy.ACCEPTNEW:
        return Choice(jid, replaces=True)
    if len(taken) >= max_resources:
        raise StanzaError("resource-constraint")
    return Choice(account.with_resource(fresh) if clash else jid)
