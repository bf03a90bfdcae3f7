"""A room's card and picture."""

from __future__ import annotations

import base64
import hashlib

from tests.support.muc_room import ANN, BOB, CAT, codes, refused, three
from xmpp_core import dataforms, ns, parser
from xmpp_core.muc import room_card, room_info
from xmpp_core.muc.room_card import MOST
from xmpp_core.muc.room_draft import KeepCard

PICTURES = (b"one", b"two")
PHOTOS = "".join([f"<PHOTO><BINVAL>{base64.b64encode(one).decode()}</BINVAL></PHOTO>" for one in PICTURES])
CARD = f"<vCard xmlns='{ns.VCARD}'><FN>Tea</FN>{PHOTOS}</vCard>"
HASHES = tuple(hashlib.sha1(one).hexdigest() for one in PICTURES)


def test_an_owner_sets_it_and_all_are_told() -> None:
    den = three()
    den.ask(ANN, CARD, "set")
    assert [codes(one) for one in den.told(BOB)] == [[104]]
    assert den.room is not None
    assert den.room.pictures == HASHES
    assert den.outcome is not None
    [kept] = [effect for effect in den.outcome.effects if isinstance(effect, KeepCard)]
    assert "<FN>Tea</FN>" in kept.xml
    assert den.outcome.changes.durable
    field = dataforms.parse(room_info.form(den.room)).get("muc#roominfo_avatarhash")
    assert field is not None
    assert field.values == HASHES
    den.ask(ANN, f"<vCard xmlns='{ns.VCARD}'/>", "set")
    assert den.room.pictures == ()
    assert dataforms.parse(room_info.form(den.room)).get("muc#roominfo_avatarhash") is None


def test_who_may_not_and_what_is_too_large() -> None:
    den = three()
    for jid in (BOB, CAT):
        refused("forbidden", den.ask, jid, CARD, "set")
    refused("policy-violation", den.ask, ANN, f"<vCard xmlns='{ns.VCARD}'><FN>{'x' * MOST}</FN></vCard>", "set")


def test_what_is_no_picture_has_no_hash() -> None:
    card = parser.parse_document(f"<vCard xmlns='{ns.VCARD}'><PHOTO><BINVAL>!</BINVAL></PHOTO><PHOTO/></vCard>")
    assert room_card.hashes(card) == ()
