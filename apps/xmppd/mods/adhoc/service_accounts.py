"""service_accounts — the commands of service administration that are about accounts.

Way:      service → [service_accounts] → admin_form
XEP:      0133 §4.1 to §4.10; §4.6 (a password in clear) is retracted there, and there is none here
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xmpp_core import ns, stamp
from xmpp_core.dataforms import Field
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmppd.commands import CommandError
from xmppd.mods.adhoc.admin_form import ACCOUNT, ACCOUNTS, AdminForm, Found, ServiceCommand, bare_of_row, each


async def _add(asked: AdminForm) -> Found:
    await asked.call("user add", user=asked.one("accountjid"), password=_password(asked))
    return ()


async def _passwd(asked: AdminForm) -> Found:
    await asked.call("user passwd", user=asked.account(), password=_password(asked))
    return ()


def _password(asked: AdminForm) -> str:
    """The password, typed twice where the form asks for that. Raises CommandError."""
    first = asked.one("password")
    if asked.values.get("password-verify", (first,)) not in ((first,), ()):
        raise CommandError("the two passwords differ")
    return first


async def _roster(asked: AdminForm) -> Found:
    found: list[Field | Element] = [Field("accountjids", asked.accounts(), "jid-multi")]
    for account in asked.accounts():
        rows = await asked.call("roster list", owner=account)
        found.append(el("query", ns.ROSTER, None, *[_item(row) for row in rows if _is_shown(row)]))
    return tuple(found)


def _is_shown(row: Mapping[str, Any]) -> bool:
    """Who only asks to be a contact is none yet (RFC 6121 §3.1.3)."""
    return not (row["pending"] and row["subscription"] == "none" and not row["ask"])


def _item(row: Mapping[str, Any]) -> Element:
    groups = [el("group", ns.ROSTER, None, group) for group in row["groups"]]
    attrs = {"jid": row["contact"], "name": row["name"], "subscription": row["subscription"], "ask": row["ask"] or None}
    return el("item", ns.ROSTER, attrs, *groups)


async def _last_login(asked: AdminForm) -> Found:
    """One time for each account, in their order; an empty one for who has never been here."""
    rows = [await asked.call("user last", account=account) for account in asked.accounts()]
    times = tuple(["" if row["login"] is None else stamp.from_epoch(row["login"]) for row in rows])
    kind = "text-single" if len(times) == 1 else "text-multi"
    return (Field("accountjids", asked.accounts(), "jid-multi"), Field("lastlogin", times, kind))


async def _stats(asked: AdminForm) -> Found:
    who = (await asked.call("user show", user=asked.account()))["jid"]
    sessions = [row for row in await asked.call("session list") if bare_of_row(row) == who]
    contacts = await asked.call("roster list", owner=who)
    addresses = dict.fromkeys(str(row["ip"]) for row in sessions if row["ip"])
    names = tuple([JID.parse(row["jid"]).resource for row in sessions])
    return (
        Field("accountjid", (who,), "jid-single"),
        Field("ipaddresses", tuple(addresses), "list-multi"),
        Field("rostersize", (str(len(contacts)),)),
        Field("onlineresources", names, "text-multi"),
    )


_PASSWORD: Final = Field("password", (), "text-private", "The password", required=True)
_AGAIN: Final = Field("password-verify", (), "text-private", "The same password again")
#: the XEP has the first field, and there are programs that fill in the second
_EITHER: Final = (
    Field("accountjid", (), "jid-single", "The account"),
    Field("accountjids", (), "jid-multi", "The account, for programs that call it so"),
)

COMMANDS: Final = (
    ServiceCommand("add-user", "Add a user", (ACCOUNT, _PASSWORD, _AGAIN), "user add", _add),
    ServiceCommand("delete-user", "Delete users", (ACCOUNTS,), "user del", each("user del")),
    ServiceCommand("disable-user", "Disable users", (ACCOUNTS,), "user disable", each("user disable")),
    ServiceCommand("reenable-user", "Re-enable users", (ACCOUNTS,), "user enable", each("user enable")),
    ServiceCommand("end-user-session", "End sessions", (ACCOUNTS,), "session kick", each("session kick", full=True)),
    ServiceCommand("change-user-password", "Change a password", (ACCOUNT, _PASSWORD), "user passwd", _passwd),
    ServiceCommand("get-user-roster", "Get rosters", (ACCOUNTS,), "roster list", _roster),
    ServiceCommand("get-user-lastlogin", "Get when users logged in last", (ACCOUNTS,), "user last", _last_login),
    ServiceCommand("user-stats", "Get what is known of a user", _EITHER, "roster list", _stats),
)
