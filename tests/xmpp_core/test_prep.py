"""test_prep — the mapping of each part of an address.

RFC:  7622 §3; 8265 §3, §4; 5893
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import prep
from xmpp_core.prep import PrepError


@pytest.mark.parametrize(
    ("given_", "mapped"),
    [("Juliet", "juliet"), ("ÉMILE", "émile"), ("ｆｕｌｌ", "full"), ("ﬁ", "fi"), ("e\u0301", "é"), ("a.~", "a.~")],
)  # fmt: skip
def test_local_parts_are_mapped(given_: str, mapped: str) -> None:
    assert prep.local(given_) == mapped


@pytest.mark.parametrize(
    "bad", ["", "a b", 'a"b', "a&b", "a'b", "a/b", "a:b", "a<b", "a>b", "a@b", "\x7f", "＠", "☃", "\u0378"]
)
def test_local_parts_are_refused(bad: str) -> None:
    with pytest.raises(PrepError):
        prep.local(bad)


@pytest.mark.parametrize(
    ("given_", "mapped"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("Bücher.example", "bücher.example"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("bücher。example", "bücher.example"),
        ("[2001:DB8::0:1]", "[2001:db8::1]"),
        ("127.0.0.1", "127.0.0.1"),
        ("my_host.internal", "my_host.internal"),
    ],
)
def test_domains_are_mapped(given_: str, mapped: str) -> None:
    assert prep.domain(given_) == mapped


@pytest.mark.parametrize(
    "bad", ["", ".", "a..b", "-a", "a-", "a b", "a/b", "[x]", "xn--a", "x" * 64, "☃\u200b.example/", "é." * 400]
)
def test_domains_are_refused(bad: str) -> None:
    with pytest.raises(PrepError):
        prep.domain(bad)


def test_resources_keep_case_and_spaces() -> None:
    assert prep.resource("My Phone ☎") == "My Phone ☎"
    assert prep.resource("a\u00a0b") == "a b"
    for bad in ("", "\0", "\u200e", "x" * 1024, "é" * 512):
        with pytest.raises(PrepError):
            prep.resource(bad)


def test_passwords_are_opaque_strings() -> None:
    assert prep.password("pencil") == "pencil"
    assert prep.password("p\u00e9 n\u3000c") == "pé n c"
    with pytest.raises(PrepError):
        prep.password("")


@given(st.text(max_size=20))
def test_every_mapping_is_idempotent(text: str) -> None:
    for mapping in (prep.local, prep.domain, prep.resource):
        try:
            mapped = mapping(text)
        except PrepError:
            continue
        assert mapping(mapped) == mapped
