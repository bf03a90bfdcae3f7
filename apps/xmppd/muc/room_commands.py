"""room_commands — the commands for rooms: list, info, create, config, affiliation, kick, purge, destroy.

Way:      a verb, or an administrator's client → commands → [room_commands] → ROOMS.call → room_server
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.muc import room_config
from xmpp_core.muc.roles import AFFILIATIONS, NONE
from xmppd.auth import auth
from xmppd.commands import Account, Arg, CommandError, command
from xmppd.gen_mod import Mod
from xmppd.muc.room_operators import (
    RoomAffiliate,
    RoomConfigure,
    RoomCreate,
    RoomDestroy,
    RoomKick,
    RoomPurge,
)
from xmppd.muc.room_server import ROOMS
from xmppd.muc.tables import AFFILIATION, OCCUPANT, ROOM, MucRoom
from xmppd.store import store

#: rooms that are listed at most
MOST: int = 10_000


@dataclass(frozen=True)
class RoomLine:
    """A room in a list."""

    room: str
    name: str
    listed: bool
    creator: str


@dataclass(frozen=True)
class RoomFacts:
    """What is known of a room: its options that differ from the default, who is what to it, sessions that are there."""

    room: str
    creator: str
    locked: bool
    options: dict[str, Any]
    affiliations: dict[str, str]
    occupants: dict[str, str]


@command("room list", "the rooms of a host", none="no rooms")
async def room_list(mod: Mod) -> list[RoomLine]:
    """By their names."""
    rows: list[MucRoom] = await store.select(ROOM, (mod.host,), limit=MOST)
    return [RoomLine(f"{row.room}@{mod.domain}", row.name, bool(row.listed), row.creator) for row in rows]


@command("room info", "a room's options, affiliations and occupants")
async def room_info(room: Annotated[str, Arg("its name, or its address")], mod: Mod) -> RoomFacts:
    """As it is stored; its password is not told."""
    jid = _room(room, mod)
    row = await store.read(ROOM, (mod.host, jid.local))
    if row is None:
        raise CommandError(f"there is no room {jid.bare}")
    options = {key: value for key, value in json.loads(row.config).items() if key != "password"}
    affiliated = {one.jid: one.affiliation for one in await store.select(AFFILIATION, (mod.host, jid.local))}
    there = {one.jid: one.nick for one in await store.select(OCCUPANT, (mod.host, jid.local))}
    return RoomFacts(jid.bare, row.creator, row.locked, options, affiliated, there)


@command("room create", "make a room that stays")
async def room_create(
    room: Annotated[str, Arg("its name, or its address")],
    owner: Account,
    mod: Mod,
    options: Annotated[str, Arg("name=value name=value …, as in default_options")] = "",
) -> str:
    """Open at once; it is persistent unless the options say otherwise."""
    jid = _room(room, mod)
    if not await auth.user_exists(owner.local, owner.domain):
        raise CommandError(f"there is no account {owner.bare}")
    given = json.dumps({"persistent": True, **_options(options)})
    await _ask(mod, jid, RoomCreate(owner.bare, given))
    return jid.bare


@command("room config", "change options of a room")
async def config(
    room: Annotated[str, Arg("its name, or its address")],
    options: Annotated[str, Arg("name=value name=value …, as in default_options")],
    mod: Mod,
) -> None:
    """Its occupants are told."""
    await _ask(mod, _room(room, mod), RoomConfigure(json.dumps(_options(options))))


@command("room affiliation", "make somebody owner, admin, member or outcast of a room, or none of these")
async def affiliation(
    room: Annotated[str, Arg("its name, or its address")],
    who: Annotated[str, Arg("a bare JID")],
    what: Annotated[str, Arg("owner, admin, member, none or outcast")],
    mod: Mod,
) -> None:
    """Its occupants are told."""
    if what not in AFFILIATIONS:
        raise CommandError(f"{what}: one of {', '.join(AFFILIATIONS)}")
    user = _jid(who)
    if not user.local and AFFILIATIONS[what] > NONE:
        raise CommandError(f"{who} is no account")
    await _ask(mod, _room(room, mod), RoomAffiliate(user.bare, what))


@command("room kick", "remove an occupant from a room")
async def kick(
    room: Annotated[str, Arg("its name, or its address")],
    nick: str,
    mod: Mod,
    reason: Annotated[str, Arg("words for the occupants")] = "",
) -> None:
    """With all sessions that it has there."""
    await _ask(mod, _room(room, mod), RoomKick(nick, reason))


@command("room purge", "delete the messages of a room's archive", question="Delete all messages of {room}?")
async def room_purge(room: Annotated[str, Arg("its name, or its address")], mod: Mod) -> None:
    """And what who enters is shown."""
    await _ask(mod, _room(room, mod), RoomPurge())


@command("room destroy", "end a room, with all that is kept of it", question="Destroy {room} and its archive?")
async def destroy(
    room: Annotated[str, Arg("its name, or its address")],
    mod: Mod,
    reason: Annotated[str, Arg("words for the occupants")] = "",
) -> None:
    """Its occupants are told."""
    await _ask(mod, _room(room, mod), RoomDestroy(reason))


def _room(text: str, mod: Mod) -> JID:
    jid = _jid(text if "@" in text else f"{text}@{mod.domain}")
    if jid.domain != mod.domain or not jid.local:
        raise CommandError(f"{text} is no room of {mod.domain}")
    return jid.bare_jid()


def _jid(text: str) -> JID:
    try:
        return JID.parse(text).bare_jid()
    except JidError as error:
        raise CommandError(str(error)) from None


def _options(text: str) -> dict[str, Any]:
    """`persistent=true history=5 name=Tea`, typed as the options are."""
    found: dict[str, Any] = {}
    usual = room_config.RoomConfig()
    for part in text.split():
        name, equals, value = part.partition("=")
        default = getattr(usual, name, None)
        if not equals or default is None:
            raise CommandError(f"{part}: no option of a room")
        if isinstance(default, bool):
            found[name] = value in ("true", "1", "yes")
        elif isinstance(default, int):
            found[name] = int(value) if value.isascii() and value.isdigit() else value
        else:
            found[name] = value.split(",") if isinstance(default, tuple) else value
    return found


async def _ask(mod: Mod, room: JID, asked: object) -> None:
    try:
        await ROOMS.call(mod, room.bare, asked)
    except StanzaError as error:
        raise CommandError(f"{room.bare}: {error.text or error.condition}") from None
