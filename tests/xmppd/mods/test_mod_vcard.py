"""Cards."""

import re
from collections.abc import Callable

import pytest

from tests.support.core_server import Client, CoreServer, play
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmppd.mods.mod_vcard import Vcard
from xmppd.routing import hooks
from xmppd.routing.card_hook_points import CardChangeHook, CardWrittenHook
from xmppd.store import store

CARD = "<vCard xmlns='vcard-temp'><FN>Romeo &amp; Co</FN></vCard>"


async def get(client: Client, to: str = "") -> str:
    where = f" to='{to}'" if to else ""
    return await client.ask(f"<iq type='get' id='v'{where}><vCard xmlns='vcard-temp'/></iq>")


def test_written_by_the_user_read_by_all_also_while_away() -> None:
    async def body(core: CoreServer) -> None:
        romeo, paris = await core.login("romeo@localhost/r"), await core.login("paris@localhost/p")
        assert "<vCard xmlns='vcard-temp'/>" in await get(romeo)
        assert "<service-unavailable " in await get(paris, "romeo@localhost")
        assert "type='result'" in await romeo.ask(f"<iq type='set' id='s'>{CARD}</iq>")
        await romeo.close()
        answer = await get(paris, "romeo@localhost")
        assert CARD in answer
        assert "from='romeo@localhost'" in answer
        assert "<forbidden " in await paris.ask(f"<iq type='set' id='s' to='romeo@localhost'>{CARD}</iq>")
        assert "<service-unavailable " in await get(paris, "nobody@localhost")

    play(body)


def test_a_card_is_bounded_in_octets_as_it_is_stored() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        for text in ("\N{EURO SIGN}" * 50_000, ">" * 40_000):
            large = CARD.replace("Romeo", text)
            assert "<not-acceptable " in await romeo.ask(f"<iq type='set' id='s'>{large}</iq>")
        small = CARD.replace("Romeo", "\N{EURO SIGN}" * 40_000)
        assert "type='result'" in await romeo.ask(f"<iq type='set' id='s'>{small}</iq>")
        assert small in await get(romeo)

    play(body)


def test_a_card_that_was_stored_under_another_limit_is_sent_as_it_is() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        large = CARD.replace("Romeo", "<B/>" * 6000 + "&gt;" * 100_000)
        await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", large)))
        assert large in await get(romeo)

    play(body)


PICTURE = "<vCard xmlns='vcard-temp'><PHOTO><BINVAL>\n Zm9v\n</BINVAL></PHOTO></vCard>"
SHA1 = "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"  # of "foo"
MARK = f"<x xmlns='vcard-temp:x:update'><photo>{SHA1}</photo></x>"
NONE = "<x xmlns='vcard-temp:x:update'><photo/></x>"


def marks(client: Client) -> list[str]:
    """What presence from romeo has said of pictures, since the last look."""
    texts = [text for text in client.take() if text.startswith("<presence ") and "from='romeo@localhost/r'" in text]
    return [re.sub(r"^<presence [^>]*?/?>|<delay .*?/>|</presence>", "", text) for text in texts]


def test_presence_has_the_hash_broadcast_directed_and_asked_for() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        paris = await core.login("paris@localhost/p")
        await romeo.send("<presence/>")
        await core.settle()
        juliet.take()
        await romeo.ask(f"<iq type='set' id='s'>{PICTURE}</iq>")
        await core.settle()
        assert marks(juliet) == [], "nothing is sent again"
        again = await core.login("juliet@localhost/again", presence=None)
        await again.send("<presence/>")
        await core.settle()
        assert marks(again) == [MARK], "but who asks has it as it is now"
        juliet.take()
        await romeo.send("<presence/>")
        await romeo.send("<presence to='paris@localhost/p'/>")
        await core.settle()
        assert marks(juliet) == [MARK]
        assert marks(paris) == [MARK]

    play(body)


def test_what_the_client_says_of_its_picture() -> None:
    """0398 §4: an empty photo stays, what has none or another is replaced."""

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        await romeo.ask(f"<iq type='set' id='s'>{PICTURE}</iq>")
        for said, told in (
            (NONE, NONE),
            ("<x xmlns='vcard-temp:x:update'/>", MARK),
            (MARK.replace("0b", "1b"), MARK),
            (MARK.replace(SHA1, SHA1.upper()), MARK.replace(SHA1, SHA1.upper())),
        ):
            juliet.take()
            for to in ("", " to='juliet@localhost/j'"):
                await romeo.send(f"<presence{to}>{said}</presence>")
                await core.settle()
            assert marks(juliet) == [told, told]
        await romeo.ask(f"<iq type='set' id='s'>{CARD}</iq>")
        await romeo.send("<presence/>")
        await romeo.send("<presence type='unavailable'/>")
        await core.settle()
        assert marks(juliet) == [NONE, ""], "it is gone, and all who have seen it hear that"

    play(body)


def test_without_a_picture_presence_stays_as_it_is() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        await romeo.ask(f"<iq type='set' id='s'>{CARD}</iq>")
        juliet.take()
        await romeo.send("<presence/>")
        await core.settle()
        assert marks(juliet) == [""]

    play(body)


@pytest.mark.parametrize(("xml", "told"), [(PICTURE, MARK), ("<vCard><PHOTO>", ""), (CARD, "")])
def test_a_card_from_before_hashes_were_kept(xml: str, told: str) -> None:
    async def body(core: CoreServer) -> None:
        await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", xml)))
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        juliet.take()
        await romeo.send("<presence/>")
        await core.settle()
        assert marks(juliet) == [told]

    play(body)


def test_a_module_changes_a_card() -> None:
    async def body(core: CoreServer) -> None:
        heard: list[CardWrittenHook] = []
        await hooks.add("localhost", CardWrittenHook, heard.append)
        romeo = await core.login("romeo@localhost/r")
        await romeo.ask(f"<iq type='set' id='s'>{PICTURE}</iq>")

        async def change(to: Callable[[Element], Element | None]) -> bool:
            return await hooks.run_fold("localhost", CardChangeHook(romeo.jid.bare_jid(), to), False)

        assert await change(lambda card: None)
        assert await change(lambda card: card.with_children(el("FN", "vcard-temp", None, "R")))
        assert [(one.photo_before, one.by_server) for one in heard] == [("", False), (SHA1, True)]
        assert "<vCard xmlns='vcard-temp'><FN>R</FN></vCard>" in await get(romeo)
        with pytest.raises(StanzaError, match="not-acceptable"):
            await change(lambda card: card.with_children(el("FN", "vcard-temp", None, "R" * 140_000)))

    play(body)
