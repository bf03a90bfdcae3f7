"""test_schema — the declared keys.

Way:  xmppd.config.schema
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from xmpp_core.jid import JID
from xmppd.config import schema

SECTIONS = (
    schema.Listen,
    schema.Registration,
    schema.LimitsSection,
    schema.StoreSection,
    schema.TlsSection,
    schema.AuthSection,
    schema.LogSection,
    schema.NodeSection,
    schema.KeepaliveSection,
)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_has_a_kind_words_and_a_default_of_its_kind(section: type) -> None:
    for field in (one for one in dataclasses.fields(section) if one.name != "optional"):
        assert field.metadata["doc"]
        kind = schema.kind_of(section, field.name)
        assert kind.words
        default = getattr(section(), field.name)
        is_a_word = default == getattr(kind, "word_value", None)
        if default is not None and not is_a_word and not (section is schema.LimitsSection and default == 0.0):
            assert kind.parse(list(default) if isinstance(default, tuple) else default) == default


def test_a_memory_store_has_one_worker_and_paths_are_below_the_home() -> None:
    config = schema.Config(schema.Paths(Path("/h")), store=schema.StoreSection(backend="memory"))
    assert config.worker_count == 1
    assert schema.Config(schema.Paths(Path("/h")), workers=3).worker_count == 3
    assert config.paths.below("x/y") == Path("/h/x/y")
    assert config.paths.below("/x") == Path("/x")
    assert (config.paths.data, config.paths.logs, config.paths.run) == (
        Path("/h/data"),
        Path("/h/log"),
        Path("/h/run"),
    )


@pytest.mark.parametrize("bad", ["a b", "", ".x", "a@b", "x" * 300])
def test_what_is_no_domain(bad: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        schema.DOMAIN.parse(bad)


def test_domains_and_addresses_are_normal() -> None:
    for written in ("bücher.example", "BÜCHER.example", "XN--Bcher-kva.example", "bücher。example", "bücher.example."):
        assert schema.domain(written) == "bücher.example"
    assert schema.domain("Example.ORG") == "example.org"
    assert schema.address("::1") == "::1"
    assert schema.address("*") == "*"
    with pytest.raises(ValueError, match="IP address"):
        schema.address("localhost")


def test_administrators_are_accounts() -> None:
    config = schema.Config(schema.Paths(Path("/srv")), admins=(schema.account("Admin@Localhost"),))
    assert config.is_admin(JID.parse("admin@localhost/phone"))
    assert not config.is_admin(JID.parse("admin@other.example"))
    assert not config.is_admin(JID.parse("localhost"))


@pytest.mark.parametrize("bad", ["localhost", "admin@localhost/phone", "@localhost", "a@b@c", ""])
def test_what_is_no_account(bad: str) -> None:
    with pytest.raises(ValueError, match="must be an account, NAME@HOST"):
        schema.account(bad)
