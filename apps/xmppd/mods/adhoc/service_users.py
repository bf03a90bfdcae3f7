"""service_users — the commands of service administration that count and list users.

Way:      service → [service_users] → admin_form
XEP:      0133 §4.13 to §4.22
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from xmpp_core.dataforms import Field, Option
from xmppd.mods.adhoc.admin_form import AdminForm, Found, Run, ServiceCommand, bare_of_row

Who: TypeAlias = Callable[[AdminForm], Awaitable[list[str]]]
#: addresses that one result has
MOST_LISTED: Final = 500


async def _registered(asked: AdminForm) -> list[str]:
    found: list[str] = await asked.call("user list", host=asked.host)
    return found


async def _disabled(asked: AdminForm) -> list[str]:
    found: list[str] = await asked.call("user list", host=asked.host, disabled=True)
    return found


async def _online(asked: AdminForm) -> list[str]:
    """Who has a session; its client may be away for a moment."""
    rows = await asked.call("session list")
    return list(dict.fromkeys(who for row in rows if (who := bare_of_row(row)).endswith(f"@{asked.host}")))


async def _active(asked: AdminForm) -> list[str]:
    """Who has a session with a client at its other end."""
    rows = await asked.call("session list")
    there = dict.fromkeys(bare_of_row(row) for row in rows if row["state"] == "attached")
    return [who for who in there if who.endswith(f"@{asked.host}")]


async def _idle(asked: AdminForm) -> list[str]:
    """Who has sessions, all of which wait for their client."""
    there = set(await _active(asked))
    return [who for who in await _online(asked) if who not in there]


def _number(name: str, who: Who) -> Run:
    async def run(asked: AdminForm) -> Found:
        return (Field(name, (str(len(await who(asked))),)),)

    return run


def _listed(name: str, who: Who) -> Run:
    async def run(asked: AdminForm) -> Found:
        most = asked.one("max_items")
        count = min(int(most), MOST_LISTED) if most.isdecimal() else MOST_LISTED
        return (Field(name, tuple((await who(asked))[:count]), "jid-multi"),)

    return run


_MOST: Final = Field(
    "max_items", (), "list-single", "How many at most",
    options=tuple([Option(n, n) for n in ("25", "50", "75", "100", "150", "200", "none")]),
)  # fmt: skip


def _both(who: str, var: str, behind: str, found: Who, listed: str = "") -> tuple[ServiceCommand, ServiceCommand]:
    """The number of some accounts, and their list."""
    number = ServiceCommand(
        f"get-{who}-users-num", f"Get the number of {who} users", (), behind, _number(f"{who}usersnum", found)
    )
    name = listed or f"get-{who}-users-list"
    return number, ServiceCommand(name, f"Get the list of {who} users", (_MOST,), behind, _listed(var, found))


COMMANDS: Final = (
    *_both("registered", "registereduserjids", "user list", _registered),
    *_both("disabled", "disableduserjids", "user list", _disabled),
    *_both("online", "onlineuserjids", "session list", _online),
    *_both("active", "activeuserjids", "session list", _active, "get-active-users"),
    *_both("idle", "activeuserjids", "session list", _idle, "get-idle-users"),  # §4.22 has that name, and no other
)
