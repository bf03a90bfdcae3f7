"""results — the result of a command as what a client shows: notes, and a form of type result.

Way:  commands.Answer → [results] → mod_adhoc
XEP:  0050 §3.4 (notes); 0004 §3.4 (several items)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from xmpp_core import ns
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element, el
from xmppd.commands import Answer, Command

#: rows of a result that are sent: a stanza is no place for all accounts of a large host
MOST_ROWS: Final = 500


def note(text: str, type_: str = "info") -> Element:
    """<note/>; `type_` is info, warn or error."""
    return el("note", ns.COMMANDS, {"type": type_}, text)


def elements(command: Command, answer: Answer) -> list[Element]:
    """What goes into <command status='completed'/>: words as a note, fields and rows as a form."""
    value = answer.value
    words = answer.text
    if words is None and value == [] and command.none:
        words = command.none
    if words is None and value is not None and not isinstance(value, (Mapping, list)):
        words = _text(value)
    notes = [note(words)] if words else []
    if isinstance(value, list) and len(value) > MOST_ROWS:
        notes.append(note(f"the first {MOST_ROWS} of {len(value)}", "warn"))
        value = value[:MOST_ROWS]
    form = _form(command.key, value)
    return notes if form is None else [*notes, form.to_element()]


def _form(title: str, value: Any) -> Form | None:
    if isinstance(value, Mapping) and value:
        return Form("result", tuple([_field(str(name), one) for name, one in value.items()]), title)
    if not isinstance(value, list) or not value:
        return None
    if isinstance(value[0], Mapping):
        names = [str(name) for name in value[0]]
        items = tuple([tuple([Field(name, _values(row.get(name))) for name in names]) for row in value])
        return Form("result", (), title, reported=tuple([_named(name) for name in names]), items=items)
    return Form("result", (Field("result", tuple([_text(one) for one in value]), "text-multi", title),), title)


def _field(name: str, value: Any) -> Field:
    if isinstance(value, list) and value:
        return Field(name, tuple([_text(one) for one in value]), "text-multi", _label(name))
    return Field(name, _values(value), "boolean" if isinstance(value, bool) else "text-single", _label(name))


def _named(name: str) -> Field:
    return Field(name, (), "text-single", _label(name))


def _label(name: str) -> str:
    return name.replace("_", " ")


def _values(value: Any) -> tuple[str, ...]:
    return () if value is None else (_text(value),)


def _text(value: Any) -> str:
    """One cell."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_text(one) for one in value)
    return "" if value is None else str(value)
