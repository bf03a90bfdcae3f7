"""test_results — a result as notes and forms.

Way:  xmppd.mods.adhoc.results
"""

from __future__ import annotations

from typing import Any

import pytest

from xmpp_core import dataforms
from xmpp_core.dataforms import Form
from xmppd.commands import Answer, Command
from xmppd.mods.adhoc import results

LIST = Command(("tea", "list"), "m:f", "h", none="no guests")


def shown(value: Any, text: str | None = None) -> tuple[list[tuple[str | None, str]], Form | None]:
    """(type, words) of each note, and the form."""
    found = results.elements(LIST, Answer(value, text))
    notes = [(one.get("type"), one.text()) for one in found if one.name == "note"]
    form = [dataforms.parse(one) for one in found if one.name == "x"]
    assert len(form) <= 1
    return notes, form[0] if form else None


@pytest.mark.parametrize(
    ("value", "text", "words"),
    [
        (None, None, []),
        ("done", None, [("info", "done")]),
        (3, None, [("info", "3")]),
        (False, None, [("info", "false")]),
        (3, "three cups", [("info", "three cups")]),
        ([], None, [("info", "no guests")]),
        ({}, None, []),
    ],
)
def test_words_are_a_note(value: Any, text: str | None, words: list[tuple[str, str]]) -> None:
    assert shown(value, text) == (words, None)


def test_fields_are_a_form() -> None:
    value = {"jid": "a@x", "all_of": ["b", "c"], "ok": True, "nobody": None, "ratio": 0.5, "none": [], "in": {"k": 1}}
    notes, form = shown(value, "made a@x")
    assert notes == [("info", "made a@x")]
    assert form is not None
    assert form.type == "result"
    assert [(f.var, f.label, f.type, f.values) for f in form.fields] == [
        ("jid", "jid", "text-single", ("a@x",)),
        ("all_of", "all of", "text-multi", ("b", "c")),
        ("ok", "ok", "boolean", ("true",)),
        ("nobody", "nobody", "text-single", ()),
        ("ratio", "ratio", "text-single", ("0.5",)),
        ("none", "none", "text-single", ("",)),
        ("in", "in", "text-single", ('{"k": 1}',)),
    ]


def test_rows_are_a_table() -> None:
    notes, form = shown([{"guest": "a@x", "cups": 1, "with": ["b", "c"]}, {"guest": "b@x", "cups": None}])
    assert notes == []
    assert form is not None
    assert [field.var for field in form.reported] == ["guest", "cups", "with"]
    assert [[(f.var, f.values) for f in row] for row in form.items] == [
        [("guest", ("a@x",)), ("cups", ("1",)), ("with", ("b, c",))],
        [("guest", ("b@x",)), ("cups", ()), ("with", ())],
    ]


def test_lines_are_lines() -> None:
    _, form = shown(["a@x", "b@x"])
    assert form is not None
    assert [(f.type, f.values) for f in form.fields] == [("text-multi", ("a@x", "b@x"))]


def test_a_large_host_has_more_than_is_sent() -> None:
    notes, form = shown([f"u{i}@x" for i in range(results.MOST_ROWS + 1)])
    assert notes == [("warn", f"the first {results.MOST_ROWS} of {results.MOST_ROWS + 1}")]
    assert form is not None
    assert len(form.fields[0].values) == results.MOST_ROWS
