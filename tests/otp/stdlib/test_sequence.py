"""test_sequence — charts as Mermaid and SVG.

Way:  otp.stdlib.sequence
"""

from __future__ import annotations

from xml.etree import ElementTree

from otp.stdlib.sequence import Arrow, mermaid, participants, svg, took

ARROWS = [
    Arrow("client romeo@x/<a>", "receiver <w1.1.2>", "142 bytes; read", 0.0),
    Arrow("receiver <w1.1.2>", "receiver <w1.1.2>", "parse", 17.25, 17.25),
    Arrow(
        "receiver <w1.1.2>", "c2s <w1.1.3>", 'a "Batch" & more, which is too long to stand at an arrow', 250.0, 267.25
    ),
]
SVG = "{http://www.w3.org/2000/svg}"


def test_who_takes_part_and_how_long_it_took() -> None:
    assert participants(ARROWS) == ["client romeo@x/<a>", "receiver <w1.1.2>", "c2s <w1.1.3>"]
    assert [took(us) for us in (0.04, 99.94, 250.4, 250_400.0)] == ["+0.0 µs", "+99.9 µs", "+250 µs", "+250 ms"]
    assert ARROWS[1].as_dict()["us"] == 17.25


def test_mermaid() -> None:
    lines = mermaid("one stanza's\nway", ARROWS).splitlines()
    assert lines == [
        "sequenceDiagram",
        "  %% one stanza's way",
        "  participant p0 as client romeo@x/#lt;a#gt;",
        "  participant p1 as receiver #lt;w1.1.2#gt;",
        "  participant p2 as c2s #lt;w1.1.3#gt;",
        "  p0->>p1: 142 bytes#59; read (+0.0 µs)",
        "  p1->>p1: parse (+17.2 µs)",
        "  p1->>p2: a #34;Batch#34; #38; more, which is too long to stand at an arrow (+250 µs)",
    ]


def test_svg_is_xml_with_all_arrows_and_nothing_from_elsewhere() -> None:
    root = ElementTree.fromstring(svg('the "way" of <one>', ARROWS))
    assert root.tag == f"{SVG}svg"
    assert root.get("aria-label") == 'the "way" of <one>'
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert texts[0] == 'the "way" of <one>'
    assert "receiver" in texts
    assert "+17.2 µs" in texts
    assert any(text.startswith('a "Batch" &') and text.endswith("…") for text in texts)
    assert len([path for path in root.iter(f"{SVG}path") if path.get("class") == "arrow"]) == 3
    assert "href" not in svg("t", ARROWS)


def test_an_empty_chart_is_one_too() -> None:
    assert mermaid("nothing", []).splitlines() == ["sequenceDiagram", "  %% nothing"]
    assert ElementTree.fromstring(svg("nothing", [])).tag == f"{SVG}svg"
