"""Full text search on the wire (XEP-0431): announced, asked for and answered where it is switched on only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import node
from tests.support.archive_client import JULIET, field, page, present, said, texts
from xmpp_core import ns
from xmpp_core.jid import JID
from xmppd.archive.query import FULLTEXT
from xmppd.archive.tables import WORDS
from xmppd.commands import CommandError
from xmppd.routing.account import removal
from xmppd.store import store
from xmppd.testing.server import Server, serve

INFO = f"<query xmlns='{ns.DISCO_INFO}'/>"
FORM = f"<iq type='get' id='f'><query xmlns='{ns.MAM}'/></iq>"


def play(body: Any, kind: str = "memory", home: Path | None = None, *, full_text: bool = True) -> None:
    async def whole() -> None:
        more: Any = {"store": kind} if home is None else {"store": kind, "home": home}
        async with serve(modules={"mod_mam": {"full_text": full_text}}, **more) as server:
            await body(server)

    node.run(whole)


def asks(text: str) -> str:
    return field(FULLTEXT, text)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_client_finds_what_was_said(kind: str) -> None:
    async def body(server: Server) -> None:
        romeo, nurse, juliet = await present(server, "romeo/orchard", "nurse/hall", "juliet/balcony")
        for text in ("It is the east", "and Juliet is the SUN", "Arise, fair sun"):
            romeo.send(said(JULIET, text))
        await server.settle()
        nurse.send(said(JULIET, "Madam! The sun!"))
        await server.settle()
        juliet.send(said(romeo.jid, "What man art thou"))
        romeo.send(said(JULIET, "secret sun", f"<encrypted xmlns='{ns.OMEMO}'/>"))
        await server.settle()
        juliet.mark = len(juliet.seen)
        assert await texts(juliet, asks("sun")) == ["and Juliet is the SUN", "Arise, fair sun", "Madam! The sun!"]
        assert await texts(juliet, asks("Sun FAIR")) == ["Arise, fair sun"]
        assert await texts(juliet, asks("sun") + field("with", "nurse@localhost")) == ["Madam! The sun!"]
        assert await texts(juliet, asks("sun") + field("with", romeo.jid), "<max>1</max><before/>") == [
            "Arise, fair sun"
        ]
        assert await texts(juliet, asks("man")) == ["What man art thou"], "what the owner says, too"
        assert await texts(juliet, asks("moon")) == await texts(juliet, asks("?!")) == []
        found, fin = await page(juliet, asks("sun"), "<max>2</max>")
        assert fin.get("complete") is None
        assert await texts(juliet, asks("sun"), f"<after>{found[-1][0]}</after>") == ["Madam! The sun!"]
        _, fin = await page(juliet, asks("sun"), "<max>0</max>")
        assert fin.to_xml().count("<count>3</count>") == 1
        assert len(await texts(juliet, asks(""))) == 6, "an empty field asks for nothing"

    play(body, kind)


def test_it_is_announced_where_it_is_on() -> None:
    async def features(server: Server) -> list[bool]:
        [juliet] = await present(server, "juliet/balcony")
        told = [f"'{ns.FULLTEXT}'" in (await juliet.ask(f"<iq type='get' id='i' to='{to}'>{INFO}</iq>")).to_xml()
                for to in (JULIET, "localhost")]  # fmt: skip
        told.append(f"var='{FULLTEXT}'" in (await juliet.ask(FORM)).to_xml())
        _, answer = await page(juliet, asks("sun"))
        return [*told, "<feature-not-implemented " not in answer.to_xml()]

    async def on(server: Server) -> None:
        assert await features(server) == [True] * 4

    async def off(server: Server) -> None:
        assert await features(server) == [False] * 4
        with pytest.raises(CommandError, match="full_text"):
            await server.command("archive index", account="juliet")

    play(on)
    play(off, full_text=False)


def test_it_may_be_switched_on_later_and_off_again(tmp_path: Path) -> None:
    async def before(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "old sun"))
        await server.settle()
        juliet.mark = len(juliet.seen)
        assert await texts(juliet) == ["old sun"]
        assert await store.count(WORDS) == 0

    async def later(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "new sun"))
        await server.settle()
        juliet.mark = len(juliet.seen)
        assert await texts(juliet, asks("sun")) == ["new sun"]
        assert (await server.command("archive index", account="juliet")).value == 2
        assert await texts(juliet, asks("sun")) == ["old sun", "new sun"]

    async def after(server: Server) -> None:
        romeo, juliet = await present(server, "romeo/orchard", "juliet/balcony")
        romeo.send(said(JULIET, "third sun"))
        await server.settle()
        juliet.mark = len(juliet.seen)
        assert await texts(juliet) == ["old sun", "new sun", "third sun"]
        assert await store.count(WORDS, ("localhost", "juliet")) == 2
        assert (await server.command("archive purge", account="juliet")).value == 3
        assert await store.count(WORDS, ("localhost", "juliet")) == 0, "what was put down goes also while it is off"
        assert await removal.remove(JID.parse("romeo@localhost"))
        assert await store.count(WORDS) == 0

    play(before, "sqlite", tmp_path, full_text=False)
    play(later, "sqlite", tmp_path)
    play(after, "sqlite", tmp_path, full_text=False)
