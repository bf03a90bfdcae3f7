"""What an owner may choose, the form of it, and the codes of a change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.muc_room import refused
from xmpp_core import dataforms
from xmpp_core.dataforms import Field, Form
from xmpp_core.muc import room_config
from xmpp_core.muc.roles import Role
from xmpp_core.muc.room_config import RoomConfig, change_codes, from_dict, submitted

CONFIGS = st.builds(
    RoomConfig,
    name=st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=20),
    persistent=st.booleans(),
    public=st.booleans(),
    moderated=st.booleans(),
    members_only=st.booleans(),
    password=st.sampled_from(["", "secret"]),
    whois=st.sampled_from(["anyone", "moderators"]),
    allowpm=st.sampled_from(["anyone", "participants", "moderators", "none"]),
    broadcast=st.sampled_from([("moderator", "participant", "visitor"), ("moderator",), ()]),
    history=st.integers(0, 100),
    max_users=st.integers(0, 999),
    archive=st.booleans(),
)


@given(CONFIGS, CONFIGS)
def test_a_form_that_comes_back_as_it_is_changes_nothing_and_one_of_another_room_makes_the_same(
    one: RoomConfig, other: RoomConfig
) -> None:
    form = room_config.form(one, "", (), ())
    answer = dataforms.parse(Form("submit", form.fields).to_element())
    assert submitted(one, answer) == one
    assert submitted(other, answer) == one
    assert from_dict(one.to_dict()) == one


def test_what_a_form_leaves_out_stays() -> None:
    before = RoomConfig(name="Den", password="secret", history=7)
    assert submitted(before, Form("submit")) == before
    named = Form("submit", (Field("muc#roomconfig_roomname", ("Attic",)), Field("muc#unknown", ("x",))))
    assert submitted(before, named) == RoomConfig(name="Attic", password="secret", history=7)


@pytest.mark.parametrize(
    ("var", "values"),
    [
        ("muc#roomconfig_whois", ("nobody",)),
        ("muc#roomconfig_allowpm", ("cats",)),
        ("muc#roomconfig_presencebroadcast", ("none",)),
        ("muc#roomconfig_moderatedroom", ("maybe",)),
        ("muc#maxhistoryfetch", ("-1",)),
        ("muc#maxhistoryfetch", ("101",)),
        ("muc#roomconfig_maxusers", ("many",)),
        ("muc#roomconfig_roomname", ("x" * 1001,)),
        ("muc#roomconfig_passwordprotectedroom", ("1",)),
    ],
)
def test_what_no_option_can_be_is_not_acceptable(var: str, values: tuple[str, ...]) -> None:
    refused("not-acceptable", submitted, RoomConfig(), Form("submit", (Field(var, values),)))


def test_a_password_goes_and_comes_with_its_switch() -> None:
    protected, secret = "muc#roomconfig_passwordprotectedroom", "muc#roomconfig_roomsecret"
    with_ = submitted(RoomConfig(), Form("submit", (Field(protected, ("1",)), Field(secret, ("s",)))))
    assert with_.password == "s"
    assert submitted(with_, Form("submit", (Field(protected, ("1",)),))).password == "s"
    assert submitted(with_, Form("submit", (Field(protected, ("0",)), Field(secret, ("s",))))).password == ""


def test_another_form_is_refused() -> None:
    refused("bad-request", submitted, RoomConfig(), Form("submit", (Field("FORM_TYPE", ("other",)),)))


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        (RoomConfig(), RoomConfig(), ()),
        (RoomConfig(), RoomConfig(name="x"), (104,)),
        (RoomConfig(), RoomConfig(whois="anyone"), (172,)),
        (RoomConfig(whois="anyone"), RoomConfig(), (173,)),
        (RoomConfig(), RoomConfig(archive=False), (171,)),
        (RoomConfig(archive=False), RoomConfig(), (170,)),
        (RoomConfig(), RoomConfig(archive=False, whois="anyone", moderated=True), (171, 172, 104)),
    ],
)
def test_codes_of_a_change(before: RoomConfig, after: RoomConfig, codes: tuple[int, ...]) -> None:
    assert change_codes(before, after) == codes


@pytest.mark.parametrize("values", [{"nonsense": 1}, {"history": "3"}, {"whois": "x"}, {"persistent": 1}])
def test_defaults_of_the_configuration_file_are_checked(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"cannot be|no such|is anyone"):
        from_dict(values)


def test_lists_of_toml_are_taken() -> None:
    assert from_dict({"broadcast": ["moderator"]}).broadcast == ("moderator",)


def test_who_may_send_private_messages_and_set_the_subject() -> None:
    roles = (Role.NONE, Role.VISITOR, Role.PARTICIPANT, Role.MODERATOR)
    cells = {"anyone": "nyyy", "participants": "nnyy", "moderators": "nnny", "none": "nnnn"}
    for allowpm, row in cells.items():
        config = RoomConfig(allowpm=allowpm)
        assert [config.may_send_private(role) for role in roles] == [cell == "y" for cell in row]
    assert [RoomConfig().may_set_subject(role) for role in roles] == [False, False, False, True]
    assert [RoomConfig(change_subject=True).may_set_subject(role) for role in roles] == [False, False, True, True]
