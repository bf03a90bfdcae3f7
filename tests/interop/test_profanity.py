"""test_profanity — a client in C with a screen (Debian's profanity): logs in over STARTTLS, becomes a friend, talks."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.booted import Booted
from tests.support.room_owner import RoomOwner
from tests.support.terminal import Terminal
from tests.support.wire import local, show

PRESENCE = "<presence type='{}' to='{}'/>"


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Terminal]:
    """The program with settings of its own; where it is not installed, say so aloud instead of passing in silence."""
    if shutil.which("profanity") is None:
        warnings.warn("profanity is not installed: no client with a screen was tried", stacklevel=1)
        pytest.skip("profanity is not installed")
    homes = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    with Terminal(["profanity"], {**os.environ, **homes, "LANG": "C.UTF-8"}) as terminal:
        yield terminal


def test_it_logs_in_becomes_a_friend_and_talks(server: Booted, screen: Terminal) -> None:
    user, friend = server.account("juliet"), server.client("romeo").online()
    bare = f"{user}@localhost"
    screen.say(f"/connect {bare} server 127.0.0.1 port {server.tls} tls trust", "assword")
    screen.say("secret", "logged in successfully")
    screen.say("/carbons on", "enabled")
    screen.say(f"/sub request {friend.bare}", "Sent subscription request")
    asked = friend.next()
    assert (asked.get("type"), asked.get("from")) == ("subscribe", bare), show(asked)
    friend.send(PRESENCE.format("subscribed", bare) + PRESENCE.format("subscribe", bare))
    screen.until("uthorization request")
    screen.say(f"/sub allow {friend.bare}", "ccepted")
    screen.say(f"/msg {friend.bare} art thou not Romeo?", "art thou not")
    while local(message := friend.next()) != "message" or message.findtext("{jabber:client}body") is None:
        pass
    assert message.findtext("{jabber:client}body") == "art thou not Romeo?"
    friend.send(f"<message type='chat' to='{bare}'><body>neither, fair maid</body></message>")
    screen.until("neither, fair")
    screen.say("/quit")
    assert screen.end() == 0


def test_it_makes_a_room_and_talks_in_one(server: Booted, screen: Terminal) -> None:
    user, friend = server.account("juliet"), server.client("romeo").online()
    owner = RoomOwner(friend, f"prof{user}@conference.localhost")
    screen.say(f"/connect {user}@localhost server 127.0.0.1 port {server.tls} tls trust", "assword")
    screen.say("secret", "logged in successfully")
    screen.say(f"/join {owner.room} nick juliet", "You have joined the room as juliet")
    owner.until(lambda one: one.get("from") == f"{owner.room}/juliet")
    screen.say("art thou not Romeo?", "art thou not")
    heard = owner.until(lambda one: one.findtext("{jabber:client}body") is not None)
    assert (heard.get("from"), heard.findtext("{jabber:client}body")) == (f"{owner.room}/juliet", "art thou not Romeo?")
    owner.say("neither, fair maid")
    screen.until("neither, fair")
    friend.send(f"<message to='{owner.room}' type='groupchat'><subject>Verona</subject></message>")
    screen.until("Verona")
    screen.say(f"/join new{user}@conference.localhost nick juliet", "ocked")
    screen.say("/room accept", "nlocked")
    screen.say("/quit")
    assert screen.end() == 0
