"""One picture in cards, nodes and presence."""

from __future__ import annotations

import base64
import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import avatars, ns
from xmpp_core.avatars import AvatarInfo, Photo
from xmpp_core.element import Element, el

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
OTHER = "0" * 40
DATA = st.binary(min_size=1, max_size=200)


def card(*photos: str, type_: str = "image/png") -> Element:
    made = [
        el("PHOTO", ns.VCARD, None, el("TYPE", ns.VCARD, None, type_), el("BINVAL", ns.VCARD, None, text))
        for text in photos
    ]
    return el("vCard", ns.VCARD, None, el("FN", ns.VCARD, None, "Romeo"), *made)


def update(*photos: str | None) -> Element:
    """Presence with a mark; None: one without <photo/>."""
    marks = [
        el("x", ns.VCARD_UPDATE, None, None if text is None else el("photo", ns.VCARD_UPDATE, None, text or None))
        for text in photos
    ]
    return el("presence", ns.CLIENT, None, el("show", ns.CLIENT, None, "away"), *marks)


def hashes(presence: Element) -> list[str | None]:
    found = [mark.child("photo") for mark in presence.elements("x", ns.VCARD_UPDATE)]
    return [None if photo is None else photo.text() for photo in found]


@given(DATA, st.integers(1, 76))
def test_a_picture_is_read_however_its_lines_are_broken(data: bytes, width: int) -> None:
    text = base64.b64encode(data).decode()
    ends = [*range(0, len(text), width), len(text)]
    lines = "\r\n  ".join(text[start:end] for start, end in pairwise(ends))
    found = avatars.photo_of_card(card(f"\n {lines}\n"))
    assert found is not None
    assert found.data == data
    assert found.sha1 == hashlib.sha1(data).hexdigest()


@pytest.mark.parametrize("text", ["", "  ", "====", "Zg", "\N{EURO SIGN}", "Zg==!", "Zm9v;"])
def test_what_is_no_base64_is_no_picture(text: str) -> None:
    assert avatars.photo_of_card(card(text)) is None


@pytest.mark.parametrize(
    ("data", "said", "type_"),
    [
        (PNG, "image/jpeg", "image/png"),
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"GIF89a..", "text/html", "image/gif"),
        (b"RIFF....WEBP", "", "image/webp"),
        (b"<svg/>", "image/svg+xml", "image/svg+xml"),
        (b"<svg/>", " IMAGE/SVG+XML ", "image/svg+xml"),
        (b"<html/>", "text/html", ""),
        (b"<html/>", "image/'><x/>", ""),
        (b"<html/>", "image/" + "x" * 70, ""),
    ],
)
def test_the_octets_say_the_type_before_the_sender_does(data: bytes, said: str, type_: str) -> None:
    found = avatars.photo_of(base64.b64encode(data).decode(), said)
    assert found is not None
    assert found.type == type_


@given(DATA, DATA)
def test_a_card_gets_a_picture_and_keeps_the_rest(old: bytes, new: bytes) -> None:
    before = card(base64.b64encode(old).decode())
    after = avatars.with_photo(before, Photo(new, "image/png"))
    assert (after is None) == (old == new)
    if after is not None:
        found = avatars.photo_of_card(after)
        assert found is not None
        assert found.data == new
        assert after.child_text("FN") == "Romeo"
        assert sum(1 for _ in after.elements("PHOTO")) == 1
        without = avatars.with_photo(after, None)
        assert without == card()
    assert before == card(base64.b64encode(old).decode())


def test_a_card_without_a_picture_is_left() -> None:
    assert avatars.with_photo(card(), None) is None
    assert avatars.with_photo(card("broken"), None) == card()
    assert avatars.photo_of_card(card("", base64.b64encode(PNG).decode())) == Photo(PNG, "image/png")


@given(DATA)
def test_what_is_published_says_what_it_is(data: bytes) -> None:
    photo = Photo(data, "image/png")
    assert avatars.info_of(avatars.metadata_of(photo)) == AvatarInfo(photo.sha1, "image/png")
    again = avatars.photo_of(avatars.data_of(photo).text())
    assert again is not None
    assert again.data == data


def test_the_picture_of_the_data_node_is_the_one_without_an_address() -> None:
    info, far = f"<info id='{OTHER}' bytes='1' type='image/png'/>", f"<info id='{'1' * 40}' url='https://x/'/>"
    for text, wanted in (
        ((far, info), OTHER), ((info, far), OTHER), ((far,), None), ((), None), (("<info id='short'/>",), None),
        ((info.replace("0", "A"),), "a" * 40),
    ):  # fmt: skip
        metadata = el("metadata", ns.AVATAR_METADATA)
        for one in text:
            attrs = dict(part.split("=") for part in one[6:-2].split(" "))
            metadata.add(el("info", ns.AVATAR_METADATA, {key: value.strip("'") for key, value in attrs.items()}))
        found = avatars.info_of(metadata)
        assert (None if found is None else found.id) == wanted
    assert avatars.info_of(avatars.metadata_of(None)) is None
    assert avatars.info_of(None) is None
    assert avatars.info_of(el("x", "urn:x", None, el("info", "urn:x", {"id": OTHER}))) is None


@pytest.mark.parametrize(
    ("said", "sha1", "told"),
    [
        ((), OTHER, [OTHER]),  # the server knows
        ((None,), OTHER, [OTHER]),  # MUST be overwritten
        (("",), OTHER, [""]),  # no picture is to be shown
        (("1" * 40,), OTHER, [OTHER]),  # MAY be overwritten
        ((OTHER,), OTHER, [OTHER]),
        ((OTHER, "1" * 40), OTHER, [OTHER]),
        ((), "", [""]),  # there is none any more
        (("1" * 40,), "", [""]),
        ((), None, []),  # nothing is known
        ((None,), None, [None]),
        (("1" * 40,), None, ["1" * 40]),
    ],
)
def test_the_hash_in_presence(said: tuple[str | None, ...], sha1: str | None, told: list[str | None]) -> None:
    before = update(*said)
    after = avatars.marked(before, sha1)
    assert hashes(after) == told
    assert after.child_text("show") == "away"
    assert before == update(*said)


def test_no_repr_has_the_picture() -> None:
    assert "PNG" not in repr(Photo(PNG, "image/webp"))
