"""service_server — the commands of service administration that are about the server: what it tells its users, whom it
keeps out, who administers it, and its end.

Way:      service → [service_server] → admin_form
XEP:      0133 §4.11, §4.12, §4.23 to §4.31
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from xmpp_core.dataforms import Field, Option
from xmppd.commands import CommandError
from xmppd.mods.adhoc.admin_form import AdminForm, Found, Run, ServiceCommand, Values

# --- what users are told


async def _announce(asked: AdminForm) -> Found:
    await asked.call("announce send", text=_text(asked, "announcement"), host=asked.host)
    return ()


def _standing(kind: str, field: str, correct: bool = False) -> Run:
    async def run(asked: AdminForm) -> Found:
        more = {"correct": True} if correct else {}
        await asked.call(f"announce {kind}", text=_text(asked, field), host=asked.host, **more)
        return ()

    return run


def _none(kind: str) -> Run:
    async def run(asked: AdminForm) -> Found:
        await asked.call("announce delete", kind=kind, host=asked.host)
        return ()

    return run


def _text(asked: AdminForm, field: str) -> str:
    """Raises CommandError."""
    text = asked.lines(field)
    if not text:
        raise CommandError("there is no text")
    return text


async def _motd_now(asked: AdminForm) -> Values:
    return {"motd": await _lines_now(asked, "motd")}


async def _welcome_now(asked: AdminForm) -> Values:
    return {"welcome": await _lines_now(asked, "welcome")}


async def _lines_now(asked: AdminForm, kind: str) -> tuple[str, ...]:
    rows = await asked.call("announce show", host=asked.host)
    return next((tuple(row["text"].split("\n")) for row in rows if row["kind"] == kind), ())


# --- whom it keeps out, and who administers it


def _edit(which: str, field: str) -> Run:
    async def run(asked: AdminForm) -> Found:
        await asked.call("access set", which=which, jids=asked.jids(field), host=asked.host)
        return ()

    return run


def _now(which: str, field: str) -> Callable[[AdminForm], Awaitable[Values]]:
    async def fill(asked: AdminForm) -> Values:
        return {field: tuple(await asked.call("access show", which=which, host=asked.host))}

    return fill


def _list(node: str, help: str, which: str, field: Field) -> ServiceCommand:
    return ServiceCommand(node, help, (field,), "access set", _edit(which, field.var), _now(which, field.var))


# --- its end


def _end(how: str) -> Run:
    async def run(asked: AdminForm) -> Found:
        text = asked.lines("announcement")
        await asked.call(f"server {how}", delay=int(asked.one("delay") or "0"), announcement=text or None)
        return ()

    return run


_DELAYS: Final = (
    ("30", "30 seconds"), ("60", "60 seconds"), ("90", "90 seconds"), ("120", "2 minutes"), ("180", "3 minutes"),
    ("240", "4 minutes"), ("300", "5 minutes"),
)  # fmt: skip
_LEAVE: Final = (
    Field("delay", (), "list-single", "Time delay before", options=tuple([Option(*one) for one in _DELAYS])),
    Field("announcement", (), "text-multi", "Announcement"),
)
_BLOCKED: Final = Field("blacklistjids", (), "jid-multi", "Addresses and domains that are kept out")
_ALLOWED: Final = Field("whitelistjids", (), "jid-multi", "Addresses and domains elsewhere that alone are let in")
_ADMINS: Final = Field("adminjids", (), "jid-multi", "The administrators")
_ANNOUNCEMENT: Final = Field("announcement", (), "text-multi", "Announcement", required=True)
_MOTD: Final = Field("motd", (), "text-multi", "Message of the Day", required=True)
_WELCOME: Final = Field("welcome", (), "text-multi", "Welcome Message", required=True)

COMMANDS: Final = (
    ServiceCommand("announce", "Send an announcement to online users", (_ANNOUNCEMENT,), "announce send", _announce),
    ServiceCommand("set-motd", "Set the message of the day", (_MOTD,), "announce motd", _standing("motd", "motd")),
    ServiceCommand(
        "edit-motd", "Edit the message of the day", (_MOTD,), "announce motd",
        _standing("motd", "motd", correct=True), _motd_now,
    ),
    ServiceCommand("delete-motd", "Delete the message of the day", (), "announce delete", _none("motd")),
    ServiceCommand(
        "set-welcome", "Set the welcome message", (_WELCOME,), "announce welcome",
        _standing("welcome", "welcome"), _welcome_now,
    ),
    ServiceCommand("delete-welcome", "Delete the welcome message", (), "announce delete", _none("welcome")),
    _list("edit-blacklist", "Edit the list of who is kept out", "blocked", _BLOCKED),
    _list("edit-whitelist", "Edit the list of who alone is let in", "allowed", _ALLOWED),
    _list("edit-admin", "Edit the list of administrators", "admins", _ADMINS),
    ServiceCommand("restart", "Restart the server", _LEAVE, "server restart", _end("restart")),
    ServiceCommand("shutdown", "Shut the server down", _LEAVE, "server stop", _end("stop")),
)  # fmt: skip
