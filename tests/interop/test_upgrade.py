"""Upgrades: a module's file edited and loaded anew under a running server. Nobody notices but by what is served.

The module is a file of a temporary folder on the server's code path, switched on by its dotted name.
"""

from __future__ import annotations

import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.booted import ROOT, Booted
from tests.support.wire import Wire
from xmppd.commands import CommandError

NAME = "acme.mod_bell"
NS = "urn:example:bell"
PING = "<ping xmlns='urn:xmpp:ping'/>"
TEXT = """
from dataclasses import dataclass
from otp.erts import process
from xmpp_core.element import el
from xmppd.gen_mod import iq_handler
{more}

@iq_handler("urn:example:bell", "bell")
def ring(iq, mod):
    return iq.result(el("bell", "urn:example:bell", {{"node": process.node()}}, "{sound}"))
"""
GONG = """
@iq_handler("urn:example:bell", "gong")
def gong(iq, mod):
    return iq.result(el("gong", "urn:example:bell", None, mod.options.sound))

@dataclass(frozen=True)
class Options:
    sound: str = "dong"
"""


class Play:
    """A server with a module that can be edited, and a client on each worker."""

    def __init__(self, server: Booted, file: Path) -> None:
        self.server, self.file = server, file
        names = server.account("romeo"), server.account("juliet")
        self.clients = [server.on_worker(f"w{n}", name, "r").online() for n, name in enumerate(names, 1)]

    def edit(self, sound: str, more: str = "") -> None:
        self.file.write_text(TEXT.format(sound=sound, more=more))

    def heard(self, name: str = "bell") -> list[str | None]:
        """What each client is answered, on the connection it had from the beginning."""
        return [self._answer(client, name) for client in self.clients]

    @staticmethod
    def _answer(client: Wire, name: str) -> str | None:
        answer = client.ask("get", f"<{name} xmlns='{NS}'/>", to="localhost")
        return answer.findtext(f"{{{NS}}}{name}") if answer.get("type") == "result" else None

    def kept(self) -> None:
        """Messages go from the one worker to the other, and the workers are the same."""
        romeo, juliet = self.clients
        for client in self.clients:
            assert client.ask("get", PING).get("type") == "result"
        romeo.until_mark(juliet)
        juliet.until_mark(romeo)


def environment(folder: Path, code: Path) -> str:
    """A Python of its own that has all we have, and `code`: a server looks at no PYTHONPATH. Its executable."""
    venv.create(folder, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    paths = [str(code), *(path for path in sys.path if path), str(ROOT), str(ROOT / "apps")]
    (site / "all.pth").write_text("\n".join(paths) + "\n")
    return str(folder / "bin" / "python")


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    package = tmp_path / "code" / "acme"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "mod_bell.py").write_text(TEXT.format(sound="ding", more=""))
    monkeypatch.setattr(sys, "executable", environment(tmp_path / "env", package.parent))
    with Booted.start(tmp_path, workers=2, more=f'"{NAME}" = {{}}') as server:
        yield Play(server, package / "mod_bell.py")
        server.drop_all()


def test_an_edited_module_is_served_on_the_connections_there_are(play: Play) -> None:
    pids = play.server.worker_pids()
    assert play.heard() == ["ding", "ding"]
    play.edit("dang")
    done = play.server.cli("upgrade", NAME)
    assert (done["sessions"], done["kept"]) == (2, 2)
    assert [row["node"] for row in done["workers"]] == ["w1", "w2"]
    assert play.heard() == ["dang", "dang"]
    assert play.heard("gong") == [None, None]
    play.edit("dung", GONG)  # a handler more, and options
    play.server.cli("upgrade", NAME)
    assert play.heard() == ["dung", "dung"]
    assert play.heard("gong") == ["dong", "dong"]
    play.edit("ding")  # and without them
    play.server.cli("upgrade", NAME)
    assert (play.heard(), play.heard("gong")) == (["ding", "ding"], [None, None])
    play.kept()
    assert play.server.worker_pids() == pids


def test_a_broken_edit_changes_nothing(play: Play) -> None:
    for more, line, word in (
        ("def f(:", 6, "SyntaxError"),
        ("import nothing_there", 6, "nothing_there"),
        ("1 / 0", 6, "ZeroDiv"),
    ):
        play.edit("dang", more)
        with pytest.raises(CommandError, match=f"w1: {play.file}:{line}: .*{word}.*nothing was changed") as caught:
            play.server.ask("upgrade", {"module": NAME})
        assert caught.value.status == 1
        assert play.heard() == ["ding", "ding"]
    play.file.unlink()
    with pytest.raises(CommandError, match=r"acme\.mod_bell: nofile.*nothing was changed"):
        play.server.ask("upgrade", {"module": NAME})
    assert play.heard() == ["ding", "ding"]
    play.kept()


@pytest.mark.parametrize(
    "unchanged",
    [
        ("xmppd.stream.c2s", "xmppd.net.receiver", "xmppd.routing.sm.session_table"),
        (
            "mod_roster",
            "mod_ping",
            "xmppd.gen_mod",
            "xmppd.stream.c2s_session",
            "xmppd.routing.deliver",
            "xmppd.routing.router",
            "xmppd.net.transport",
        ),
    ],
)
def test_the_streams_own_modules_are_loaded_anew_under_them(play: Play, unchanged: tuple[str, ...]) -> None:
    for name in (*unchanged, unchanged[0]):
        done = play.server.cli("upgrade", name)
        assert (done["sessions"], done["kept"]) == (2, 2), done
        if name == "xmppd.stream.c2s":
            assert done["processes"] >= 2
        play.kept()
    assert play.heard() == ["ding", "ding"]
    assert "Traceback" not in play.server.log()
    with play.server.client("third") as third:  # and new ones come in
        assert third.ask("get", PING).get("type") == "result"


def test_what_cannot_be_upgraded_is_refused(play: Play) -> None:
    for name, word in (("mod_nothing", "no module .* is loaded here"), ("otp.erts.process", "restart")):
        with pytest.raises(CommandError, match=word):
            play.server.ask("upgrade", {"module": name})
    play.kept()
