"""rosters — an administrator's hand in somebody's contact list, by the same events as the owner's own client.

OTP:      cf. get_roster, add_rosteritem, delete_rosteritem of mod_admin_extra
Way:      admin.dispatch → rpc → [rosters] → mods.mod_roster
Differs:  `roster add` asks for a subscription as the owner's client would (push with ask, request routed); nothing
          is written past the subscription core
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from xmpp_core.jid import JID, JidError
from xmppd.admin.users import account, configuration, existing
from xmppd.commands import CommandError
from xmppd.mods import mod_roster
from xmppd.mods.roster.records import item_of
from xmppd.mods.roster.tables import ROSTER, RosterItem
from xmppd.mods.roster.totals import TooMany
from xmppd.store import store


async def list_(owner: str) -> list[dict[str, Any]]:
    """Give the contacts of an account, those that only ask to be one included (`pending`)."""
    jid = account(owner)
    await existing(jid)
    return [_row(record) for record in await store.select(ROSTER, (jid.domain, jid.local))]


async def add(owner: str, contact: str, name: str | None, group: list[str] | None) -> dict[str, Any]:
    """Have the owner add a contact and ask to see its presence."""
    jid, other = account(owner), _contact(contact)
    await _done(mod_roster.roster_add(jid.bare, other.bare, name or "", tuple(group or ())))
    return {"owner": jid.bare, "contact": other.bare, "asked": True}


async def remove(owner: str, contact: str) -> dict[str, Any]:
    """Have the owner remove a contact; subscriptions of both ways are taken back."""
    jid, other = account(owner), _contact(contact)
    await _done(mod_roster.roster_remove(jid.bare, other.bare))
    return {"owner": jid.bare, "contact": other.bare, "removed": True}


def _contact(text: str) -> JID:
    try:
        return JID.parse(text if "@" in text or "." in text else f"{text}@{configuration().hosts[0]}").bare_jid()
    except JidError as error:
        raise CommandError(f"{text} is no address: {error}") from None


async def _done(work: Awaitable[None]) -> None:
    try:
        await work
    except TooMany:
        raise CommandError("the roster is full") from None
    except (LookupError, JidError) as error:
        raise CommandError(str(error.args[0]) if error.args else str(error)) from None


def _row(record: RosterItem) -> dict[str, Any]:
    item = item_of(record)
    return {
        "contact": record.contact,
        "subscription": item.subscription,
        "ask": item.ask,
        "pending": bool(record.pending),
        "name": record.name or None,
        "groups": list(record.groups),
    }
