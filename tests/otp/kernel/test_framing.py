"""Frames survive any cutting of the stream; lengths are limited both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.kernel import codec, framing
from otp.kernel.codec import CodecError, MalformedFrame
from otp.kernel.framing import Frames


def _stream(terms: list[str]) -> bytes:
    buffer = bytearray()
    for term in terms:
        framing.append(buffer, term)
    return bytes(buffer)


@given(st.lists(st.text(max_size=40), max_size=12), st.lists(st.integers(1, 30), min_size=1))
def test_any_cut_gives_the_same_frames(terms: list[str], cuts: list[int]) -> None:
    stream, frames, got, at, turn = _stream(terms), Frames(), [], 0, 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        got += [codec.load(body) for body in frames.feed(stream[at : at + size])]
        at, turn = at + size, turn + 1
    assert got == terms


def test_byte_by_byte() -> None:
    frames = Frames()
    stream = _stream(["a" * 300, ""])
    got = [codec.load(body) for byte in stream for body in frames.feed(bytes([byte]))]
    assert got == ["a" * 300, ""]


def test_a_length_over_the_limit_is_malformed_before_its_body_came() -> None:
    with pytest.raises(MalformedFrame, match="limit 10"):
        list(Frames(limit=10).feed(b"\x00\x00\x00\x0b"))


def test_frames_before_a_bad_one_are_still_given() -> None:
    bodies = Frames(limit=10).feed(_stream(["ok"]) + b"\xff\xff\xff\xff")
    assert codec.load(next(bodies)) == "ok"
    with pytest.raises(MalformedFrame):
        next(bodies)


@pytest.mark.parametrize("bad", [object(), "x" * (codec.MAX_FRAME + 1), "\ud800"])
def test_what_cannot_be_framed_leaves_the_buffer_as_it_was(bad: object) -> None:
    buffer = bytearray(_stream(["first"]))
    before = bytes(buffer)
    with pytest.raises(CodecError):
        framing.append(buffer, bad)
    assert buffer == before
