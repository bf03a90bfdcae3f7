"""What crosses between nodes comes out as it went in; what must not is refused at the sender."""

from __future__ import annotations

import contextlib
import enum
import pickle
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts.exits import Crash
from otp.erts.pid import intern, make_ref
from otp.erts.signals import Down, Exit
from otp.kernel import codec
from otp.kernel.codec import CodecError, MalformedFrame, UnknownClass


@codec.message
@dataclass(frozen=True)
class Joined:
    room: str
    who: object
    tags: tuple[str, ...] = ()


@codec.message
@dataclass(frozen=True)
class Empty:
    pass


@codec.message
@dataclass(frozen=True)
class KwOnly:
    a: int
    b: int = field(kw_only=True, default=2)


@codec.message
class Colour(enum.Enum):
    RED = "red"


@codec.message
class Word(enum.StrEnum):
    HI = "hi"


class Leaf:
    def __init__(self, name: str, children: list[Any]) -> None:
        self.name, self.children = name, children


codec.register(Leaf, 99, lambda leaf: (leaf.name, leaf.children), Leaf, flat=True)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
keys = st.text() | st.integers() | st.tuples(st.text(), st.integers())
terms = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(keys, inner)
        | st.frozensets(st.integers() | st.text())
        | st.sets(st.text())
        | st.builds(Joined, st.text(), inner, st.lists(st.text()).map(tuple))
        | st.builds(Down, st.just(make_ref()), st.text(), inner)
    ),
    max_leaves=20,
)


def _same(a: object, b: object) -> bool:
    """Equal, and of the same types all the way: True is not 1, a tuple is not a list."""
    return repr(a) == repr(b) if not isinstance(a, (set, frozenset)) else a == b and type(a) is type(b)


@given(terms)
def test_terms_come_back_as_they_were(term: object) -> None:
    back = codec.decode(codec.encode(term))
    assert back == term
    assert type(back) is type(term)


@pytest.mark.parametrize(
    "term", [(1, [2, (3,)]), True, 1, {"a": (1,)}, ((), [], {}), 2**80, -(2**70), Empty(), KwOnly(1, b=5)]
)
def test_types_are_kept(term: object) -> None:
    assert _same(codec.decode(codec.encode(term)), term)


def test_pids_and_references_are_the_same_objects() -> None:
    pid, ref = intern("w7", 3, 12), make_ref()
    back_pid, back_ref = codec.decode(codec.encode((pid, ref)))
    assert back_pid is pid
    assert back_ref is ref


def test_enums_are_the_same_members() -> None:
    assert codec.decode(codec.encode([Colour.RED, Word.HI])) == [Colour.RED, Word.HI]
    assert codec.decode(codec.encode(Word.HI)) is Word.HI


@pytest.mark.parametrize(
    "reason", ["normal", ("shutdown", "why"), Crash("ValueError", "no", "Traceback"), ("noproc", ("call", "x"))]
)
def test_exit_reasons_cross(reason: object) -> None:
    back = codec.decode(codec.encode(Exit(intern("w1", 1, 5), reason)))
    assert back == Exit(intern("w1", 1, 5), reason)


def test_a_crash_keeps_its_traceback() -> None:
    assert codec.decode(codec.encode(Crash("E", "t", "lines"))).traceback == "lines"


def test_a_flat_class_passes_its_fields_untouched() -> None:
    back = codec.decode(codec.encode((1, Leaf("a", ["text", ["b", {"k": "v"}]]))))[1]
    assert (back.name, back.children) == ("a", ["text", ["b", {"k": "v"}]])


@pytest.mark.parametrize("term", [object(), Exception("x"), lambda: 1, [1, {"k": object()}], Joined("r", object())])
def test_an_unknown_class_is_refused_at_the_sender(term: object) -> None:
    with pytest.raises(CodecError, match="may not cross to another node"):
        codec.encode(term)


def test_a_subclass_of_a_scalar_is_refused_not_flattened() -> None:
    class Secret(str):
        __slots__ = ()

    with pytest.raises(CodecError, match="Secret"):
        codec.encode(Secret("x"))


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(CodecError):
        codec.encode("\ud800")


def test_what_is_too_deep_is_refused() -> None:
    term: list[Any] = []
    for _ in range(100_000):
        term = [term]
    with pytest.raises(CodecError):
        codec.encode(term)


def test_a_class_that_is_not_loaded_here() -> None:
    with pytest.raises(UnknownClass, match=r"some\.module\.Thing"):
        codec.decode(msgspec.msgpack.encode(["some.module.Thing", 1]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        pickle.dumps("x"),
        msgspec.msgpack.encode({"a": 1}),
        msgspec.msgpack.encode([]),
        msgspec.msgpack.encode([["tag"], 1]),
        msgspec.msgpack.encode([5, "w1", "one", 2]),
        msgspec.msgpack.encode([5, "w1"]),
        msgspec.msgpack.encode([2, "odd"]),
        msgspec.msgpack.encode([3, [1]]),
        msgspec.msgpack.encode([7, "no number"]),
        msgspec.msgpack.encode([f"{__name__}.Joined"]),
        msgspec.msgpack.encode([f"{__name__}.Colour", "blue"]),
        b"\x91" * 100_000,
    ],
)
def test_malformed_bytes_are_told(data: bytes) -> None:
    with pytest.raises(MalformedFrame):
        codec.decode(data)


@given(st.binary(max_size=64))
def test_any_bytes_give_a_term_or_a_typed_error(data: bytes) -> None:
    with contextlib.suppress(MalformedFrame, UnknownClass):
        codec.decode(data)


def test_a_code_has_one_class() -> None:
    with pytest.raises(ValueError, match="belongs to"):
        codec.register(int, 99, lambda value: (value,), int)
    with pytest.raises(ValueError, match="built in"):
        codec.register(bytearray, 3, lambda value: (bytes(value),), bytearray)


def test_only_frozen_dataclasses_and_enums_are_messages() -> None:
    @dataclass
    class Loose:
        x: int

    for cls in (Loose, int):
        with pytest.raises(TypeError, match="no frozen dataclass"):
            codec.message(cls)


def test_a_reason_that_cannot_cross_is_told_as_text() -> None:
    assert codec.printable(("shutdown", 1)) == ("shutdown", 1)
    assert codec.printable(ValueError("boom")) == ("unencodable", "ValueError('boom')")
