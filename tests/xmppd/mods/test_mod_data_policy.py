"""test_mod_data_policy — what users are told of their data follows from the configuration.

Way:  xmppd.mods.mod_data_policy, by the wire
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.core_server import config_of
from xmpp_core import dataforms, ns
from xmppd.config.schema import AuthSection, Registration
from xmppd.gen_mod import ModError
from xmppd.gen_mod_config import options_of
from xmppd.mods import mod_data_policy
from xmppd.mods.mod_data_policy import POLICY, Options
from xmppd.testing.thread import serve_in_thread

INFO = f"<iq type='get' id='d' to='localhost'><query xmlns='{ns.DISCO_INFO}'/></iq>"


def said(own: dict[str, Any], **settings: Any) -> dict[str, tuple[str, ...]]:
    """The fields of the form; {} without one."""
    modules = {"mod_data_policy": own} | settings.pop("modules", {})
    with serve_in_thread(modules=modules, **settings) as server:
        query = server.client("ann").ask(INFO).child("query", ns.DISCO_INFO)
        assert query is not None
        form = dataforms.find(query, POLICY)
        return {} if form is None else {field.var: field.values for field in form.fields if field.var != "FORM_TYPE"}


def test_nothing_is_said_unless_it_is_wanted() -> None:
    assert said({}) == {}


def test_what_the_configuration_says() -> None:
    assert said({"publish": True}) == {
        "auth_data": ("plain",),
        "data_retention": ("infinite",),
        "encryption_at_rest": ("false",),
        "data_export": ("false",),
        "full_erasure": ("true",),
    }


def test_another_configuration_says_something_else() -> None:
    found = said(
        {"publish": True},
        modules={"mod_mam": {"retention_days": 2}, "mod_offline": False, "mod_register": False},
    )
    assert (found["data_retention"], found["full_erasure"]) == (("48",), ("false",))
    assert said({"publish": True}, modules={"mod_mam": False, "mod_offline": False})["data_retention"] == ("0",)


def test_passwords_are_seen_where_any_way_in_shows_them() -> None:
    hidden = replace(
        config_of(), auth=AuthSection(mechanisms=("SCRAM-SHA-256",)), registration=Registration(open=False)
    )
    open_ = replace(hidden, registration=Registration(open=True))
    for config, words in ((hidden, "hidden"), (open_, "plain"), (replace(hidden, auth=AuthSection()), "plain")):
        form = dataforms.parse(mod_data_policy.form(Options(), config, "localhost", 0.0))
        assert form.value("auth_data") == words


def test_what_the_operator_adds() -> None:
    own = {
        "publish": True, "tos": "https://localhost/terms", "access": ["admins"], "encrypted_at_rest": True,
        "export": True, "backup_hours": 24, "backup_kept_hours": 0, "extra": "one\ntwo",
    }  # fmt: skip
    found = said(own)
    assert (found["tos"], found["access_policy"]) == (("https://localhost/terms",), ("admins",))
    assert (found["encryption_at_rest"], found["data_export"]) == (("true",), ("true",))
    assert (found["backup_frequency"], found["backup_retention"]) == (("24",), ("0",))
    assert found["extra_info"] == ("one", "two")


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"access": ["friends"]}, "is none of admins"),
        ({"access": ["none", "admins"]}, "stands alone"),
        ({"tos": "terms"}, "is no URI"),
        ({"backup_hours": -2}, "0 or more"),
    ],
)
def test_what_cannot_be_said(own: dict[str, Any], words: str) -> None:
    with pytest.raises(ModError, match=words):
        options_of("mod_data_policy", own)
