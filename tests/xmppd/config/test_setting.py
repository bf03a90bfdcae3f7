"""A key is declared with its default, its kind and its words; a secret is never printed."""

from __future__ import annotations

from dataclasses import dataclass

from xmppd.config.kinds import Many, Number, Text
from xmppd.config.setting import kind_of, setting

SECRET = Text("a secret", secret=True)


@dataclass(frozen=True)
class Section:
    size: int = setting(7, Number(1), "how large")
    names: tuple[str, ...] = setting(tuple, Many(Text("a name")), "which")
    word: str = setting("open sesame", SECRET, "says it")
    words: tuple[str, ...] = setting(("swordfish",), Many(SECRET), "say it")


def test_a_key_has_a_default_and_a_kind() -> None:
    assert (Section().size, Section().names) == (7, ())
    assert kind_of(Section, "word") is SECRET


def test_secrets_are_not_printed() -> None:
    assert repr(Section()) == "Section(size=7, names=())".replace("Section", Section.__qualname__)
