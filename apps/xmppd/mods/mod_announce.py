"""mod_announce — what administrators tell all users: at once, as a message of the day, as a welcome to new ones.

Way:  commands (ad-hoc and the command line) → [mod_announce] → store, sessions; UserAvailableHook → [mod_announce] →
      the client
XEP:  0133 §4.23 to §4.28
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final

from otp.erts import process
from otp.erts.clock import CLOCK
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd import audit
from xmppd.auth import auth
from xmppd.commands import Arg, CommandError, command
from xmppd.gen_mod import Mod, on
from xmppd.routing.deliver import Deliver
from xmppd.routing.fairly import fairly
from xmppd.routing.hook_points import UserAvailableHook
from xmppd.routing.session import Session
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Table, Tx
from xmppd.store.schema import create_table

MOTD: Final = "motd"
WELCOME: Final = "welcome"
#: characters of one text
MOST: Final = 20_000
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class StandingText:
    """A text that a host has for who comes. `serial`: of the message of the day, each later one has a higher one."""

    host: str
    kind: str
    text: str = field(repr=False)
    serial: int = 0
    #: seconds since 1970
    since: int = 0


@dataclass(frozen=True, slots=True)
class StandingSeen:
    """The last serial of a kind that an account has been sent."""

    host: str
    user: str
    kind: str
    serial: int = 0


TEXT: Final = Table("standing_text", StandingText, ("host", "kind"))
SEEN: Final = Table("standing_seen", StandingSeen, ("host", "user", "kind"))
MIGRATIONS: Final = (
    create_table("standing_text", ("host", "kind"), host=str, kind=str, text=str, serial=int, since=int),
    create_table("standing_seen", ("host", "user", "kind"), host=str, user=str, kind=str, serial=int),
)
Words = Annotated[str, Arg("what is said")]


# --- what administrators ask for


@command("announce send", "tell all who are online", text=lambda done: f"told {done['sessions']} sessions")
async def send(text: Words, mod: Mod) -> dict[str, Any]:
    """A headline to each session that is available, and to nobody later. Gives {"sessions": how many}."""
    _checked(text)
    found = _online(mod.host)
    await _tell(found, text, mod.host, "headline")
    audit.tell(audit.COMMAND, f"announcement to {len(found)} sessions", audit.quoted(mod.host))
    return {"sessions": len(found)}


@command(
    "announce motd",
    "tell all who are online now, and each other account when it comes: once",
    text=lambda done: f"set, and told {done['sessions']} sessions",
)
async def motd(
    text: Words, mod: Mod, correct: Annotated[bool, Arg("other words for the one that is set: not told again")] = False
) -> dict[str, Any]:
    """Set the message of the day. Gives {"sessions": how many were told now}. Raises CommandError."""
    _checked(text)
    if correct:
        await store.transaction(lambda tx: _correct(tx, mod.host, text))
        return {"sessions": 0}
    serial = await store.transaction(lambda tx: _set(tx, mod.host, MOTD, text))
    found = _online(mod.host)
    await _tell(found, text, mod.host, "normal")
    await _have_seen(sorted({row.jid.local for row in found}), mod.host, serial)
    audit.tell(audit.COMMAND, "message of the day set", audit.quoted(mod.host))
    return {"sessions": len(found)}


@command(
    "announce welcome", "what an account that is made from now on is told when it comes first", text=lambda _: "set"
)
async def welcome(text: Words, mod: Mod) -> dict[str, Any]:
    """Set the welcome. Raises CommandError."""
    _checked(text)
    await store.transaction(lambda tx: _set(tx, mod.host, WELCOME, text))
    audit.tell(audit.COMMAND, "welcome set", audit.quoted(mod.host))
    return {"kind": WELCOME}


@command("announce show", "the message of the day and the welcome", none="neither is set")
async def show(mod: Mod) -> list[dict[str, Any]]:
    """Each that is set: {"kind", "text", "since"}."""
    rows = await store.select(TEXT, (mod.host,))
    return [{"kind": row.kind, "text": row.text, "since": row.since} for row in rows]


@command("announce delete", "say no more: motd or welcome", text=lambda _: "deleted")
async def delete(kind: Annotated[str, Arg("motd or welcome")], mod: Mod) -> dict[str, Any]:
    """Delete one; no error if it is not set. Raises CommandError for another word."""
    if kind not in (MOTD, WELCOME):
        raise CommandError(f"{kind!r} is none of motd, welcome")
    await store.transaction(lambda tx: tx.delete(TEXT, (mod.host, kind)))
    audit.tell(audit.COMMAND, f"{kind} deleted", audit.quoted(mod.host))
    return {"kind": kind}


def _checked(text: str) -> None:
    if not text.strip():
        raise CommandError("there is no text")
    if len(text) > MOST:
        raise CommandError(f"more than {MOST} characters")


def _set(tx: Tx, host: str, kind: str, text: str) -> int:
    before, now = tx.read(TEXT, (host, kind)), CLOCK.time()
    serial = max(int(now * 1000), before.serial + 1 if before is not None else 0)
    tx.write(StandingText(host, kind, text, serial, int(now)))
    return serial


def _correct(tx: Tx, host: str, text: str) -> None:
    """Raises CommandError."""
    before = tx.read(TEXT, (host, MOTD))
    if before is None:
        raise CommandError("there is no message of the day to correct")
    tx.write(replace(before, text=text))


# --- telling


def _online(host: str) -> list[Session]:
    return [row for row in sm.all_sessions() if row.jid.domain == host and row.available]


async def _tell(sessions: Sequence[Session], text: str, host: str, type_: str) -> None:
    from_ = JID("", host)
    async for row in fairly(sessions):
        process.send(row.pid, Deliver(make_message(row.jid, text, type_=type_, from_=from_)))


async def _have_seen(users: Sequence[str], host: str, serial: int) -> None:
    for start in range(0, len(users), _BATCH):
        await _write([StandingSeen(host, user, MOTD, serial) for user in users[start : start + _BATCH]])


async def _write(rows: Sequence[StandingSeen]) -> None:
    await store.transaction(lambda tx: tx.write_many(rows))


@on(UserAvailableHook, seq=80)
async def came(point: UserAvailableHook, mod: Mod) -> None:
    """What it has not been told yet; the welcome first, and only if the account is younger."""
    user = point.session.user
    texts = {row.kind: row for row in await store.select(TEXT, (user.domain,))}
    if not texts:
        return
    seen = {row.kind: row.serial for row in await store.select(SEEN, (user.domain, user.local))}
    for kind in (WELCOME, MOTD):
        row = texts.get(kind)
        if row is None or seen.get(kind, -1) >= row.serial or (kind == WELCOME and not await _is_new(user, row, seen)):
            continue
        await _tell([point.session.entry], row.text, mod.host, "normal")
        await _write([StandingSeen(user.domain, user.local, kind, row.serial)])


async def _is_new(user: JID, row: StandingText, seen: dict[str, int]) -> bool:
    """Made since the welcome was set, and not welcomed yet, with whatever words."""
    account = await auth.account(user.local, user.domain)
    return account is not None and WELCOME not in seen and account.created_at >= row.since
