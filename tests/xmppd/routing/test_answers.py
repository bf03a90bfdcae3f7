"""Requests of the server itself."""

import pytest

from otp.erts import process
from tests.support.core_server import CoreServer, play
from tests.support.node import until
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import make_iq
from xmppd.routing import answers
from xmppd.routing.awaited import WAITING


def test_a_client_is_asked_and_its_answer_comes_back() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        found: list[object] = []

        async def ask() -> None:
            request = make_iq("get", "x", Element("urn:x", "q"), to=romeo.jid, from_=JID("", "localhost"))
            found.append(await answers.ask(request, 5))

        process.spawn(ask)
        await until(lambda: any(s.kind == "iq" for s in romeo.got))
        asked = next(s for s in romeo.got if s.kind == "iq")
        assert asked.id != "x"
        await romeo.send(f"<iq type='result' id='{asked.id}' to='localhost'><q xmlns='urn:x'>yes</q></iq>")
        await until(lambda: bool(found))
        assert "yes" in found[0].to_xml()  # type: ignore[attr-defined]
        assert not WAITING

    play(body)


def test_no_answer_is_an_error() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        request = make_iq("get", "x", Element("urn:x", "q"), to=romeo.jid, from_=JID("", "localhost"))
        with pytest.raises(StanzaError, match="remote-server-timeout"):
            await answers.ask(request, 0.01)
        assert not WAITING

    play(body)
