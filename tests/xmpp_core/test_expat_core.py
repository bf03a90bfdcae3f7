"""test_expat_core — the guarded expat: what its exceptions mean, what it remembers, what it frees.

RFC:  6120 §4.9.3, §11
"""

import ast
import gc
import weakref
from pathlib import Path
from xml.parsers.expat import ExpatError

import pytest
from defusedxml import DefusedXmlException

from xmpp_core import expat_core, ns
from xmpp_core.element import el
from xmpp_core.errors import StreamError
from xmpp_core.expat_core import BETWEEN, Core, Limits, StreamStart, stream_error

APPS = Path(expat_core.__file__).parents[1]
LIMITS = Limits(bytes=1000, elements=10, depth=4, attrs=4)


def core() -> Core:
    made = Core()
    made.arm(LIMITS)
    made.parse(b"<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client'>")
    made.take()
    return made


def test_events_and_the_mark() -> None:
    made = Core()
    made.arm(LIMITS)
    assert made.mark == [0]
    header = b"<s:stream xmlns:s='http://etherx.jabber.org/streams'>"
    made.parse(header)
    assert made.mark == [BETWEEN]
    [start] = made.take()
    assert isinstance(start, StreamStart)
    assert (start.prefix, start.default_ns, start.is_stream) == ("s", "", True)
    made.parse(b" <a>")
    assert made.mark == [len(header) + 1]
    made.parse(b"</a>")
    assert made.take() == [el("a", "")]
    assert made.take() == []


def test_what_exceptions_mean() -> None:
    own = StreamError("reset")
    assert stream_error(own) is own
    assert stream_error(DefusedXmlException()).condition == "restricted-xml"
    with pytest.raises(ExpatError) as caught:
        core().parse(b"<a></b>")
    assert stream_error(caught.value).condition == "not-well-formed"
    with pytest.raises(KeyError):
        stream_error(KeyError("a defect of ours is no stream error"))


def test_text_in_pieces_is_one_string() -> None:
    made = core()
    for piece in (b"<a>x", b"y", b"<![CDATA[z]]>&amp;", b"<b/>v", b"w</a>"):
        made.parse(piece)
    assert made.take() == [el("a", ns.CLIENT, None, "xyz&", el("b", ns.CLIENT), "vw")]
    made.parse(b"<a>" + b"x" * 20_000 + b"</a>")
    assert made.take() == [el("a", ns.CLIENT, None, "x" * 20_000)]


def test_remembered_names_are_bounded() -> None:
    made = core()
    names, _ = expat_core._names_of(ns.CLIENT)
    for n in range(6000):
        made.parse(b"<n%d/>" % n)
        assert len(names) <= expat_core._NAMES_KEPT
    assert made.names() > 6000  # expat's own: what the pool retires it for
    assert len(made.take()) == 6000


def test_a_closed_core_is_freed_without_the_collector() -> None:
    made = core()
    made.parse(b"<a>")
    ref = weakref.ref(made)
    gc.disable()
    try:
        made.close()
        del made
        assert ref() is None
    finally:
        gc.enable()


def test_no_other_parser_in_the_house() -> None:
    readers = []
    for path in APPS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                found = [node.module or ""]
            else:
                found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.split(".")[0] in ("xml", "lxml", "pyexpat", "defusedxml") for name in found):
                readers.append(path.name)
    assert set(readers) == {"expat_core.py"}
