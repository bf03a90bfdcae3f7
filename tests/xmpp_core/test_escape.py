"""test_escape — what is written is read back as it was.

RFC:  6120 §11
"""

from xml.parsers.expat import ParserCreate

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import escape

ILLEGAL = "\ufffe\uffff"


def test_special_characters() -> None:
    assert escape.text("a & <b> \"c\" 'd'\t\n\r") == "a &amp; &lt;b&gt; \"c\" 'd'\t\n&#13;"
    assert escape.attr("a & <b> \"c\" 'd'\t\n\r") == "a &amp; &lt;b&gt; &quot;c&quot; &apos;d&apos;&#9;&#10;&#13;"
    assert escape.is_plain("é ☃ plain")
    assert not escape.is_plain("it's")


def test_what_xml_cannot_carry_is_dropped() -> None:
    assert escape.text("a\0\x0b\x1f\ud800\udfff\ufffe\uffffb") == "ab"
    assert escape.attr("a\0\x0b\x1f\ud800\udfff\ufffe\uffffb") == "ab"


@given(st.text(), st.text())
def test_another_parser_reads_the_same(text: str, attr: str) -> None:
    seen: list[str] = []
    parser = ParserCreate("utf-8")
    parser.StartElementHandler = lambda _name, attrs: seen.append(attrs["b"])
    parser.CharacterDataHandler = seen.append
    parser.Parse(f"<a b='{escape.attr(attr)}'>{escape.text(text)}</a>".encode(), True)
    legal = [c for c in text if c in "\t\n\r" or (c >= " " and c not in ILLEGAL and not "\ud800" <= c <= "\udfff")]
    assert "".join(seen[1:]) == "".join(legal)
    assert escape.attr(seen[0]) == escape.attr(attr)
