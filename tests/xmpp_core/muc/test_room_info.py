"""What a room says of itself."""

from __future__ import annotations

import pytest

from tests.support.muc_room import ANN, Den, three
from xmpp_core import dataforms, ns
from xmpp_core.muc import room_info
from xmpp_core.muc.room_config import RoomConfig


def info(den: Den) -> dataforms.Form:
    assert den.room is not None
    return dataforms.parse(room_info.form(den.room))


def features(config: RoomConfig) -> set[str]:
    room = Den(config, None, "ann@l").room
    assert room is not None
    return set(room_info.features(room))


@pytest.mark.parametrize(
    ("config", "feature", "without"),
    [
        (RoomConfig(public=False), "muc_hidden", "muc_public"),
        (RoomConfig(members_only=True), "muc_membersonly", "muc_open"),
        (RoomConfig(persistent=True), "muc_persistent", "muc_temporary"),
        (RoomConfig(whois="anyone"), "muc_nonanonymous", "muc_semianonymous"),
        (RoomConfig(moderated=True), "muc_moderated", "muc_unmoderated"),
        (RoomConfig(password="x"), "muc_passwordprotected", "muc_unsecured"),
    ],
)
def test_features_follow_the_configuration(config: RoomConfig, feature: str, without: str) -> None:
    assert feature in features(config)
    assert without not in features(config)
    assert without in features(RoomConfig())
    assert feature not in features(RoomConfig())


def test_an_archive_is_announced_where_there_is_one() -> None:
    assert ns.MAM in features(RoomConfig())
    assert ns.MAM not in features(RoomConfig(archive=False))


def test_the_form() -> None:
    den = three(RoomConfig(description="Talk", language="en", whois="anyone"))
    den.subject(ANN, "Tea")
    form = info(den)
    assert form.form_type == room_info.FORM_TYPE
    assert [form.value(f"muc#roominfo_{name}") for name in ("description", "subject", "occupants", "lang")] == [
        "Talk", "Tea", "3", "en",
    ]  # fmt: skip
    assert form.value("muc#roominfo_contactjid") == "ann@l"


def test_where_addresses_are_secret_owners_are_too_and_passwords_everywhere() -> None:
    den = three()
    den.open(passwordprotectedroom="1", roomsecret="tea", roomname="Den")
    assert info(den).get("muc#roominfo_contactjid") is None
    assert den.room is not None
    whole = room_info.form(den.room).to_xml() + room_info.identity(den.room).to_xml()
    assert "tea" not in whole
    assert "name='Den'" in whole
