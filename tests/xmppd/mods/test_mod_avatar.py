"""One picture for all clients, on the wire."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pep_client import befriend, come, events, iq, items, publish
from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.testing.thread import serve_in_thread

PNG, GIF = b"\x89PNG\r\n\x1a\none", b"GIF89a two"
DISCO = "<iq type='get' id='d' to='{}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread() as server:
        yield server


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def b64(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def show(client: Any, data: bytes, name: str = "", model: str = "open", of: bytes | None = None) -> None:
    """As a client of XEP-0084 publishes: the data, then the metadata. `name`: another hash than that of the data."""
    id_ = name or sha1(data if of is None else of)
    publish(client, ns.AVATAR_DATA, f"<data xmlns='{ns.AVATAR_DATA}'>{b64(data)}</data>", id_, access_model=model)
    info = f"<info id='{id_}' bytes='{len(data)}' type='image/png'/>"
    publish(client, ns.AVATAR_METADATA, metadata(f"<info id='x' url='https://x.example/'/>{info}"), id_)


def metadata(inner: str = "") -> str:
    return f"<metadata xmlns='{ns.AVATAR_METADATA}'>{inner}</metadata>"


def card(client: Any, to: str = "") -> Element:
    where = f" to='{to}'" if to else ""
    found = client.ask(f"<iq type='get' id='v'{where}><vCard xmlns='vcard-temp'/></iq>").child("vCard", ns.VCARD)
    assert found is not None
    return found


def photo(client: Any, to: str = "") -> bytes:
    found = card(client, to).child("PHOTO")
    return b"" if found is None else base64.b64decode(found.child_text("BINVAL") or "")


def set_card(client: Any, data: bytes | None, rest: str = "<FN>N</FN>") -> None:
    picture = "" if data is None else f"<PHOTO><TYPE>image/jpeg</TYPE><BINVAL>{b64(data)}</BINVAL></PHOTO>"
    answer = client.ask(f"<iq type='set' id='s'><vCard xmlns='vcard-temp'>{rest}{picture}</vCard></iq>")
    assert answer.get("type") == "result"


def shown(client: Any, to: str = "") -> str:
    """The hash of the picture that the metadata node has."""
    answer = iq(client, "get", f"<items node='{ns.AVATAR_METADATA}'/>", to).to_xml()
    found = re.search(r"<info [^>]*id='([0-9a-f]{40})'", answer)
    return found.group(1) if found else ""


def test_it_is_announced_by_accounts(server: Any) -> None:
    ann = server.client("ann")
    assert f"'{ns.PEP_VCARD}'" in ann.ask(DISCO.format("ann@localhost")).to_xml()
    assert f"'{ns.PEP_VCARD}'" not in ann.ask(DISCO.format("localhost")).to_xml()


def test_a_published_picture_stands_in_the_card(server: Any) -> None:
    bea, stranger = server.client("bea"), server.client("cid")
    set_card(bea, None, "<FN>Bea</FN>")
    show(bea, PNG)
    assert photo(stranger, "bea@localhost") == PNG
    assert card(stranger, "bea@localhost").child_text("FN") == "Bea"
    assert (card(bea).child("PHOTO") or card(bea)).child_text("TYPE") == "image/png"
    show(bea, GIF)
    assert photo(stranger, "bea@localhost") == GIF
    publish(bea, ns.AVATAR_METADATA, metadata())
    assert photo(stranger, "bea@localhost") == b""
    assert card(stranger, "bea@localhost").child_text("FN") == "Bea"


def test_a_picture_that_is_deleted_leaves_the_card(server: Any) -> None:
    dot = server.client("dot")
    show(dot, PNG)
    iq(dot, "set", f"<retract node='{ns.AVATAR_METADATA}'><item id='{sha1(PNG)}'/></retract>")
    assert photo(dot) == b""
    show(dot, PNG)
    assert photo(dot) == PNG
    iq(dot, "set", f"<delete node='{ns.AVATAR_METADATA}'/>", space=ns.PUBSUB_OWNER)
    assert photo(dot) == b""


def test_metadata_may_come_before_the_data(server: Any) -> None:
    eve = server.client("eve")
    publish(eve, ns.AVATAR_METADATA, metadata(f"<info id='{sha1(PNG)}' bytes='1' type='image/png'/>"), sha1(PNG))
    assert photo(eve) == b""
    data = f"<data xmlns='{ns.AVATAR_DATA}'>{b64(PNG)}</data>"
    publish(eve, ns.AVATAR_DATA, data, sha1(PNG), access_model="open")
    assert photo(eve) == PNG


def test_a_picture_of_another_hash_is_not_taken(server: Any) -> None:
    fay = server.client("fay")
    show(fay, PNG)
    show(fay, GIF, name="ab" * 20)
    assert photo(fay) == PNG


def test_a_picture_for_contacts_only_is_for_nobody_in_the_card(server: Any) -> None:
    gil = server.client("gil")
    show(gil, PNG, model="presence")
    assert photo(gil) == b""
    hal = server.client("hal")
    show(hal, PNG)
    form = (
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub"
        "#node_config</value></field><field var='pubsub#access_model'><value>presence</value></field></x>"
    )
    iq(hal, "set", f"<configure node='{ns.AVATAR_DATA}'>{form}</configure>", space=ns.PUBSUB_OWNER)
    show(hal, GIF, model="presence")
    assert photo(hal) == b""
    set_card(hal, GIF)
    publish(hal, ns.AVATAR_METADATA, metadata(f"<info id='{sha1(GIF)}'/>"), sha1(GIF))
    assert photo(hal) == GIF


def test_one_that_is_too_large_for_the_card_takes_the_older_one_out(server: Any) -> None:
    ida = server.client("ida")
    show(ida, PNG)
    show(ida, PNG + bytes(120_000))
    assert photo(ida) == b""
    assert shown(ida) == sha1(PNG + bytes(120_000))


def test_a_picture_in_the_card_is_published_and_told(server: Any) -> None:
    jan, kay = server.client("jan"), server.client("kay")
    befriend(server, jan, kay)
    come(server, kay, ns.AVATAR_METADATA)
    come(server, jan, ns.AVATAR_METADATA)
    set_card(jan, PNG)
    for client in (jan, kay):
        [event] = events(server, client)
        assert f"<info bytes='{len(PNG)}' id='{sha1(PNG)}' type='image/png'/>" in event
    stranger = server.client("lou")
    assert items(stranger, ns.AVATAR_DATA, "jan@localhost") == [sha1(PNG)]
    answer = iq(stranger, "get", f"<items node='{ns.AVATAR_DATA}'/>", "jan@localhost").to_xml()
    assert base64.b64encode(PNG).decode() in answer
    set_card(jan, PNG, "<FN>Another</FN>")
    assert len(events(server, kay)) == 1  # the same picture is no news
    set_card(jan, None)
    assert f"<metadata xmlns='{ns.AVATAR_METADATA}'/>" in events(server, kay)[-1]
    set_card(jan, None, "<FN>Third</FN>")
    assert len(events(server, kay)) == 2


def test_a_card_that_never_had_the_picture_does_not_take_it_away(server: Any) -> None:
    max_ = server.client("max")
    show(max_, PNG, model="presence")
    set_card(max_, None)
    assert shown(max_) == sha1(PNG)


def test_what_is_no_picture_is_not_published(server: Any) -> None:
    ned = server.client("ned")
    for inner in ("<PHOTO><TYPE>text/html</TYPE><BINVAL>Zm9v</BINVAL></PHOTO>", "<PHOTO><BINVAL>?</BINVAL></PHOTO>"):
        set_card(ned, None, inner)
        assert iq(ned, "get", f"<items node='{ns.AVATAR_DATA}'/>").get("type") == "error"
