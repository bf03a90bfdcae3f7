"""test_sequence — charts as Mermaid and SVG.

Way:  otp.observer.sequence
"""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from otp.observer.sequence import Arrow, mermaid, participants, svg, took

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
    assert "17.2 µs  +17.2 µs  receiver: parse" in texts
    assert f"267.2 µs  +250 µs  c2s: {ARROWS[2].text}" in texts, "nothing is cut"
    assert len([path for path in root.iter(f"{SVG}path") if path.get("class") == "arrow"]) == 2
    assert len(list(root.iter(f"{SVG}circle"))) == 1, "what happens where it was is a point"
    assert "href" not in svg("t", ARROWS)


NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=60)


@given(st.lists(st.tuples(NAMES, NAMES, NAMES, st.floats(0, 1e6)), min_size=1, max_size=20))
def test_a_picture_is_to_scale_says_all_and_no_label_lies_over_another(
    steps: list[tuple[str, str, str, float]],
) -> None:
    moments = sorted(step[3] for step in steps)
    arrows = [Arrow(a, b, text, 1.0, at) for (a, b, text, _), at in zip(steps, moments, strict=True)]
    root = ElementTree.fromstring(svg("t", arrows))
    drawn = [float((e.get("d") or "").split()[1].partition("H")[0]) for e in root.iter(f"{SVG}path")
             if e.get("class") == "lead"]  # fmt: skip
    first, last = drawn[0], drawn[-1]
    for y, at in zip(drawn, moments, strict=True):
        if moments[-1] > moments[0]:
            true = (at - moments[0]) / (moments[-1] - moments[0])
            assert abs((y - first) - true * (last - first)) <= 0.2
    texts = list(root.iter(f"{SVG}text"))
    labels = [float(e.get("y") or 0) for e in texts if any((e.text or "").endswith(f": {a.text}") for a in arrows)]
    assert len(labels) >= len(arrows)
    listed = sorted(float(e.get("y") or 0) for e in texts if e.get("class") is None)
    assert all(below - above >= 12 for above, below in itertools.pairwise(listed))
    width, height = float(root.get("width") or 0), float(root.get("height") or 0)
    assert all(float(e.get("x") or 0) <= width and float(e.get("y") or 0) <= height for e in texts)


def test_an_empty_chart_is_one_too() -> None:
    assert mermaid("nothing", []).splitlines() == ["sequenceDiagram", "  %% nothing"]
    assert ElementTree.fromstring(svg("nothing", [])).tag == f"{SVG}svg"
