"""test_mod_announce — what all users are told, who hears it, and how often.

Way:  xmppd.mods.mod_announce, by the wire
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from xmppd.commands import CommandError
from xmppd.mods import mod_announce
from xmppd.testing.thread import ThreadClient, ThreadServer, serve_in_thread


def online(server: ThreadServer, user: str, resource: str = "") -> ThreadClient:
    client = server.client(user, resource)
    client.send("<presence/>")
    server.settle()
    return client


def test_an_announcement_is_for_those_who_are_there() -> None:
    with serve_in_thread(hosts=("localhost", "other.localhost")) as server:
        ann, bob = online(server, "ann"), server.client("bob")
        other = online(server, "carol@other.localhost")
        assert server.command("announce send", text="Tea.", host="localhost").value == {"sessions": 1}
        assert "<body>Tea.</body>" in ann.expect("<message[^>]*type='headline'.*?</message>")
        server.settle()
        assert "Tea." not in bob.seen + other.seen
        assert "Tea." not in online(server, "dave").seen, "who comes later has missed it"


def test_the_message_of_the_day_comes_once_to_each_account() -> None:
    with serve_in_thread() as server:
        ann = online(server, "ann", "one")
        assert server.command("announce motd", text="Monday.").value == {"sessions": 1}
        assert "Monday." in ann.expect("<message[^>]*from='localhost'.*?</message>")
        bob = online(server, "bob")
        assert "Monday." in bob.expect("<message.*?</message>")
        assert "Monday." not in online(server, "ann", "two").seen
        assert "Monday." not in online(server, "bob", "two").seen
        server.command("announce motd", text="Tuesday.")
        assert "Tuesday." in bob.expect("<message.*?</message>")
        assert "Tuesday." in online(server, "carol").expect("<message.*?</message>")
        server.command("announce delete", kind="motd")
        assert "Tuesday." not in online(server, "dave").seen


def test_corrected_words_are_for_those_who_have_not_heard_them() -> None:
    with serve_in_thread() as server:
        ann = online(server, "ann")
        with pytest.raises(CommandError, match="no message of the day"):
            server.command("announce motd", text="x", correct=True)
        server.command("announce motd", text="Mnday.")
        ann.expect("Mnday.")
        server.command("announce motd", text="Monday.", correct=True)
        assert "Monday." in online(server, "bob").expect("<message.*?</message>")
        server.settle()
        assert "Monday." not in ann.seen


def test_the_welcome_is_for_accounts_made_since() -> None:
    with serve_in_thread() as server:
        server.account("old")
        server.clock.advance(10)
        server.command("announce welcome", text="Hello.")
        server.clock.advance(10)
        assert "Hello." in online(server, "new").expect("<message[^>]*from='localhost'.*?</message>")
        assert "Hello." not in online(server, "new", "again").seen
        assert "Hello." not in online(server, "old").seen
        server.clock.advance(10)
        server.command("announce welcome", text="Hello there.")
        assert "Hello" not in online(server, "new", "later").seen, "welcomed once"


def test_what_is_set_outlives_a_restart_and_goes_with_the_account(tmp_path: Path) -> None:
    with serve_in_thread(store="sqlite", home=tmp_path) as server:
        server.command("announce motd", text="Monday.")
        online(server, "ann").expect("Monday.")
    with serve_in_thread(store="sqlite", home=tmp_path) as server:
        assert [row["text"] for row in server.command("announce show").value] == ["Monday."]
        assert "Monday." not in online(server, "ann").seen
        server.command("user del", user="ann@localhost")
        assert "Monday." in online(server, "ann").expect("<message.*?</message>"), "another account of that name"


def test_what_cannot_be_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serve_in_thread() as server:
        for text in (" \n", "x" * (mod_announce.MOST + 1)):
            with pytest.raises(CommandError):
                server.command("announce send", text=text)
        with pytest.raises(CommandError, match="none of motd, welcome"):
            server.command("announce delete", kind="tea")
        server.command("announce motd", text="between us")
        assert "between us" not in caplog.text
        assert "between us" not in repr(mod_announce.StandingText("h", "motd", "between us"))
