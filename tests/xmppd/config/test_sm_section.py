"""The keys of `[sm]`: what is refused, with words."""

from __future__ import annotations

from pathlib import Path

import pytest

from xmppd.config.load import load
from xmppd.config.problems import ConfigError
from xmppd.config.sm_section import SmSection, location


def test_without_a_word_a_session_waits_for_ten_minutes() -> None:
    assert SmSection().hibernation == 600


@pytest.mark.parametrize("text", ["xmpp.example.org:5222", "192.0.2.1:9222", "[2001:41d0:1:a49b::1]:9222", ""])
def test_a_place_to_come_back_to_is_host_and_port(text: str) -> None:
    assert location(text) == text


@pytest.mark.parametrize(
    "text", ["xmpp.example.org", "host:0", "host:99999", "2001:db8::1:5222", "[::1:5222", ":5222", "a b:1"]
)
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "xmppd.toml"
    file.write_text(f'[sm]\nlocation = "{text}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"sm\.location must be HOST:PORT"):
        load(file, tmp_path, {})
