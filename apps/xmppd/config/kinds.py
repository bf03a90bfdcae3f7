"""kinds — what a configuration value may be: how it is read, checked and described.

OTP:      none; cf. econf.erl of ejabberd, which checks its options the same way
Way:      file or environment → config.load → [kinds] → config.schema

A kind turns a raw value (of TOML, or the text of an environment variable) into a typed one and raises
`ValueError` with words for the reader. It is kept in the metadata of a schema field, so that checking,
`config explain` and the example file speak from one place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0"})


class Kind(Protocol):
    """One sort of value: `parse` takes a TOML value, `from_text` a variable; `words` say what fits."""

    @property
    def words(self) -> str:
        """What fits, in words."""
        ...

    def parse(self, raw: object) -> object:
        """The value of TOML, checked and typed. Raises ValueError."""
        ...

    def from_text(self, text: str) -> object:
        """The value of an environment variable or flag. Raises ValueError."""
        ...


def suggest(word: str, known: Sequence[str]) -> str:
    """Return ` (did you mean "x"?)` for the nearest known word, or one that is part of the word, or nothing."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    parts = word.lower().replace("-", "_").split("_")
    near = near or [name for name in known if name in parts] or [name for name in known if word in name.split("_")]
    return f' (did you mean "{near[0]}"?)' if near else ""


def shown(raw: object) -> str:
    """Return a raw value as the reader wrote it, near enough."""
    if isinstance(raw, bool):
        return str(raw).lower()
    return f'"{raw}"' if isinstance(raw, str) else repr(raw)


def _unquoted(raw: object, fits: bool) -> str:
    """Return the hint for a string that is right but for its quotes."""
    return f" (without quotes: {raw})" if isinstance(raw, str) and fits else ""


def _quoted(raw: object) -> str:
    """Return the hint for a bare number or word that should be a string."""
    return f' (with quotes: "{raw}")' if isinstance(raw, int | float) and not isinstance(raw, bool) else ""


def _listed(text: str) -> Any:
    """Return what stands in brackets, written as in the file. Raises ValueError."""
    try:
        return tomllib.loads(f"it = {text}")["it"]
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"cannot be read: {text}: {error}") from None


def refuse_twins(written: Sequence[object], parsed: Sequence[object]) -> None:
    """Raise ValueError if two of the values mean the same, in whatever spelling."""
    first: dict[object, object] = {}
    for one, meant in zip(written, parsed, strict=True):
        if meant in first:
            same = first[meant] == one
            twice = f"{shown(one)} is there twice" if same else f"{shown(first[meant])} and {shown(one)} are one"
            raise ValueError(f"must not repeat itself: {twice}")
        first[meant] = one


@dataclass(frozen=True)
class Flag:
    """true or false."""

    words: str = "true or false"

    def parse(self, raw: object) -> bool:
        """See Kind."""
        if isinstance(raw, bool):
            return raw
        word = raw.lower() if isinstance(raw, str) else ""
        raise ValueError(f"must be true or false, not {shown(raw)}{_unquoted(word, word in ('true', 'false'))}")

    def from_text(self, text: str) -> bool:
        """See Kind."""
        word = text.strip().lower()
        if word in TRUE_WORDS or word in FALSE_WORDS:
            return word in TRUE_WORDS
        raise ValueError(f"must be true or false, not {shown(text)}")


@dataclass(frozen=True)
class Number:
    """A whole number from `low` to `high`; `word` may stand for None ("off") or for 0 ("auto")."""

    low: int = 0
    high: int = 2**31 - 1
    unit: str = ""
    word: str = ""
    word_value: int | None = None

    @property
    def words(self) -> str:
        """See Kind."""
        top = f" to {self.high}" if self.high < 2**31 - 1 else " or more"
        word = f'"{self.word}", or ' if self.word else ""
        return f"{word}a whole number, {self.low}{top}{f' ({self.unit})' if self.unit else ''}"

    def parse(self, raw: object) -> int | None:
        """See Kind."""
        if self.word and raw == self.word:
            return self.word_value
        if isinstance(raw, bool) or not isinstance(raw, int) or not self.low <= raw <= self.high:
            hint = suggest(raw, [self.word]) if self.word and isinstance(raw, str) else ""
            hint = hint or _unquoted(raw, isinstance(raw, str) and raw.lstrip("-").isdecimal())
            raise ValueError(f"must be {self.words}, not {shown(raw)}{hint}")
        return raw

    def from_text(self, text: str) -> int | None:
        """See Kind."""
        try:
            return self.parse(int(text))
        except ValueError:
            return self.parse(int(text) if text.strip().lstrip("-").isdigit() else text.strip())


@dataclass(frozen=True)
class Seconds:
    """A span of time in seconds, whole or not."""

    low: float = 0.0
    high: float = 86400.0

    @property
    def words(self) -> str:
        """See Kind."""
        return f"seconds, {self.low:g} to {self.high:g}"

    def parse(self, raw: object) -> float:
        """See Kind."""
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not self.low <= raw <= self.high:
            raise ValueError(f"must be {self.words}, not {shown(raw)}")
        return float(raw)

    def from_text(self, text: str) -> float:
        """See Kind."""
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"must be {self.words}, not {shown(text)}") from None
        return self.parse(number)


@dataclass(frozen=True)
class Text:
    """A string; `check` may refuse it; `secret` ones are never printed."""

    what: str = "text"
    check: Callable[[str], str] | None = None
    secret: bool = False
    empty: bool = False

    @property
    def words(self) -> str:
        """See Kind."""
        return self.what

    def parse(self, raw: object) -> str:
        """See Kind."""
        if not isinstance(raw, str) or not (raw or self.empty):
            raise ValueError(f"must be {self.what}" + ("" if self.secret else f", not {shown(raw)}{_quoted(raw)}"))
        return self.check(raw) if self.check else raw

    def from_text(self, text: str) -> str:
        """See Kind."""
        return self.parse(text)


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    options: tuple[str, ...]

    @property
    def words(self) -> str:
        """See Kind."""
        return "one of " + ", ".join(f'"{o}"' for o in self.options)

    def parse(self, raw: object) -> str:
        """See Kind."""
        if isinstance(raw, str) and raw in self.options:
            return raw
        hint = suggest(raw, self.options) if isinstance(raw, str) else ""
        hint = hint or (_quoted(raw) if str(raw) in self.options else "")
        raise ValueError(f"must be {self.words}, not {shown(raw)}{hint}")

    def from_text(self, text: str) -> str:
        """See Kind."""
        return self.parse(text.strip())


@dataclass(frozen=True)
class Many:
    """A list of one kind, in the environment separated by commas; repeats are left out, or refused if `distinct`."""

    of: Kind
    low: int = 0
    distinct: bool = False

    @property
    def words(self) -> str:
        """See Kind."""
        return f"a list, each {self.of.words}"

    def parse(self, raw: object) -> tuple[object, ...]:
        """See Kind."""
        if not isinstance(raw, list | tuple):
            hint = f" (in brackets: [{shown(raw)}])" if isinstance(raw, str) else ""
            raise ValueError(f"must be {self.words}, not {shown(raw)}{hint}")
        if len(raw) < self.low:
            raise ValueError(f"must name at least {self.low}")
        parsed = _each(self.of, raw)
        if self.distinct:
            refuse_twins(raw, parsed)
        return tuple(dict.fromkeys(parsed))

    def from_text(self, text: str) -> tuple[object, ...]:
        """See Kind; in brackets as in the file, or separated by commas."""
        if text.strip().startswith("["):
            return self.parse(_listed(text))
        return self.parse([self.of.from_text(part.strip()) for part in text.split(",") if part.strip()])


def _each(kind: Kind, raw: Sequence[object]) -> list[object]:
    """Return all items as that kind has them. Raises ValueError that names all which are wrong."""
    good, wrong = [], []
    for item in raw:
        try:
            good.append(kind.parse(item))
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        head = wrong[0].partition(", not ")[0] + ", not "
        alike = all(text.startswith(head) for text in wrong)
        raise ValueError(head + ", ".join(text.removeprefix(head) for text in wrong) if alike else "; ".join(wrong))
    return good


@dataclass(frozen=True)
class Pairs:
    """A table of one kind; in the environment `name=value` separated by commas."""

    of: Kind
    name: Kind

    @property
    def words(self) -> str:
        """See Kind."""
        return f"a table: {self.name.words} = {self.of.words}"

    def parse(self, raw: object) -> Mapping[str, object]:
        """See Kind."""
        if not isinstance(raw, Mapping):
            raise ValueError(f"must be {self.words}, not {shown(raw)}")
        names = [str(self.name.parse(key)) for key in raw]
        refuse_twins(list(raw), names)
        return dict(zip(names, [self.of.parse(value) for value in raw.values()], strict=True))

    def from_text(self, text: str) -> Mapping[str, object]:
        """See Kind; in braces as in the file, or name=value separated by commas."""
        if text.strip().startswith("{"):
            return self.parse(_listed(text))
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not all("=" in part for part in parts):
            raise ValueError(f"must be name=value pairs separated by commas, not {shown(text)}")
        return self.parse({key.strip(): value for key, _, value in (p.partition("=") for p in parts)})
