"""dataforms — forms and their answers, as values.

Way:      mod_register, ad-hoc commands, disco → [Form] → <x xmlns='jabber:x:data'/>
XEP:      0004; 0068 (FORM_TYPE)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError

FORM_TYPES = frozenset({"form", "submit", "cancel", "result"})
FIELD_TYPES = frozenset(
    {
        "boolean", "fixed", "hidden", "jid-multi", "jid-single", "list-multi", "list-single",
        "text-multi", "text-private", "text-single",
    }
)  # fmt: skip
_MULTI = frozenset({"jid-multi", "list-multi", "text-multi", "hidden", "fixed"})
_TRUE, _FALSE = frozenset({"1", "true"}), frozenset({"0", "false"})


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list field."""

    value: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field; type "" means text-single, and in an answer whatever the form asked for."""

    var: str
    values: tuple[str, ...] = field(default=(), repr=False)
    type: str = ""
    label: str = ""
    desc: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()

    @property
    def value(self) -> str:
        """The first value, "" if there is none."""
        return self.values[0] if self.values else ""

    @property
    def as_bool(self) -> bool:
        """The value of a boolean field. Raises StanzaError not-acceptable for anything else."""
        if self.value in _TRUE:
            return True
        if self.value in _FALSE:
            return False
        raise StanzaError("not-acceptable", f"{self.var} is true or false")

    def to_element(self) -> Element:
        """<field/>."""
        attrs = {"var": self.var or None, "type": self.type or None, "label": self.label or None}
        children: list[Element] = []
        if self.desc:
            children.append(el("desc", ns.DATA_FORMS, None, self.desc))
        if self.required:
            children.append(el("required", ns.DATA_FORMS))
        children += [el("value", ns.DATA_FORMS, None, value or None) for value in self.values]
        children += [_option_element(option) for option in self.options]
        return el("field", ns.DATA_FORMS, attrs, *children)


@dataclass(frozen=True, slots=True)
class Form:
    """<x/>: a form, its answer, or a result (which may be a table: reported columns, items)."""

    type: str
    fields: tuple[Field, ...] = ()
    title: str = ""
    instructions: str = ""
    reported: tuple[Field, ...] = ()
    items: tuple[tuple[Field, ...], ...] = field(default=())

    @property
    def form_type(self) -> str:
        """XEP-0068: what the fields belong to, "" if unsaid."""
        found = self.get("FORM_TYPE")
        return found.value if found is not None else ""

    def get(self, var: str) -> Field | None:
        """The field of that name."""
        return next((item for item in self.fields if item.var == var), None)

    def value(self, var: str, default: str = "") -> str:
        """The first value of a field, default if it is not there or empty."""
        found = self.get(var)
        return found.values[0] if found is not None and found.values else default

    def to_element(self) -> Element:
        """<x xmlns='jabber:x:data'/>."""
        children: list[Element] = []
        if self.title:
            children.append(el("title", ns.DATA_FORMS, None, self.title))
        children += [el("instructions", ns.DATA_FORMS, None, line) for line in self.instructions.splitlines()]
        children += [item.to_element() for item in self.fields]
        if self.reported:
            children.append(_row("reported", self.reported))
        children += [_row("item", item) for item in self.items]
        return el("x", ns.DATA_FORMS, {"type": self.type}, *children)

    def answer(self, values: Mapping[str, tuple[str, ...] | str | bool]) -> Form:
        """The submission of this form with these values; hidden fields go back as they came (§3.2)."""
        given = {var: _values(value) for var, value in values.items()}
        kept = {item.var: item.values for item in self.fields if item.type == "hidden"}
        return Form("submit", tuple([Field(var, vals) for var, vals in (kept | given).items()]))

    def check(self, answer: Form) -> dict[str, tuple[str, ...]]:
        """The values of a submission, by field, defaults filled in.

        Raises StanzaError: bad-request (no submission, or another FORM_TYPE), not-acceptable
        (missing, unknown to the list, too many, or of the wrong type). Fields not asked for are
        left out.
        """
        if answer.type != "submit" or (answer.form_type and answer.form_type != self.form_type):
            raise StanzaError("bad-request", "not an answer to this form")
        return {item.var: _checked(item, answer.get(item.var)) for item in self.fields if item.var}


def parse(element: Element) -> Form:
    """The form in <x/>. Raises StanzaError bad-request for what XEP-0004 does not allow."""
    type_ = element.get("type") or ""
    if (element.ns, element.name) != (ns.DATA_FORMS, "x") or type_ not in FORM_TYPES:
        raise StanzaError("bad-request", "not a data form")
    reported = element.child("reported")
    lines = [line.text() for line in element.elements("instructions", ns.DATA_FORMS)]
    return Form(
        type=type_,
        fields=_parse_fields(element),
        title=element.child_text("title") or "",
        instructions="\n".join(lines),
        reported=_parse_fields(reported) if reported is not None else (),
        items=tuple([_parse_fields(item) for item in element.elements("item", ns.DATA_FORMS)]),
    )


def find(parent: Element, form_type: str = "") -> Form | None:
    """The first form among the children of parent, of that FORM_TYPE if one is given."""
    for child in parent.elements("x", ns.DATA_FORMS):
        form = parse(child)
        if not form_type or form.form_type == form_type:
            return form
    return None


def _parse_fields(parent: Element) -> tuple[Field, ...]:
    fields = tuple([_parse_field(child) for child in parent.elements("field", ns.DATA_FORMS)])
    named = [item.var for item in fields if item.var]
    if len(set(named)) != len(named):
        raise StanzaError("bad-request", "a field comes twice")
    return fields


def _parse_field(element: Element) -> Field:
    var, type_ = element.get("var") or "", element.get("type") or ""
    if (type_ and type_ not in FIELD_TYPES) or (not var and type_ != "fixed"):
        raise StanzaError("bad-request", "not a field")
    return Field(
        var=var,
        values=tuple([value.text() for value in element.elements("value", ns.DATA_FORMS)]),
        type=type_,
        label=element.get("label") or "",
        desc=element.child_text("desc") or "",
        required=element.child("required") is not None,
        options=tuple([_parse_option(child) for child in element.elements("option", ns.DATA_FORMS)]),
    )


def _parse_option(element: Element) -> Option:
    return Option(element.child_text("value") or "", element.get("label") or "")


def _option_element(option: Option) -> Element:
    value = el("value", ns.DATA_FORMS, None, option.value or None)
    return el("option", ns.DATA_FORMS, {"label": option.label or None}, value)


def _row(name: str, fields: tuple[Field, ...]) -> Element:
    return el(name, ns.DATA_FORMS, None, *[item.to_element() for item in fields])


def _values(value: tuple[str, ...] | str | bool) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("1" if value else "0",)
    return (value,) if isinstance(value, str) else value


def _checked(asked: Field, given: Field | None) -> tuple[str, ...]:
    """The values given for a field, or its own where none are given and none are required."""
    values = given.values if given is not None else asked.values
    if asked.required and not any(values):
        raise StanzaError("not-acceptable", f"{asked.var} is missing")
    if len(values) > 1 and asked.type not in _MULTI:
        raise StanzaError("not-acceptable", f"{asked.var} has one value")
    choices = {option.value for option in asked.options}
    if asked.type.startswith("list-") and choices and not choices.issuperset(values):
        raise StanzaError("not-acceptable", f"{asked.var} is none of its options")
    if given is not None and values:
        _check_type(asked, values)
    return values


def _check_type(asked: Field, values: tuple[str, ...]) -> None:
    if asked.type == "boolean" and values[0] not in _TRUE | _FALSE:
        raise StanzaError("not-acceptable", f"{asked.var} is true or false")
    if asked.type.startswith("jid-"):
        try:
            for value in filter(None, values):
                JID.parse(value)
        except JidError as error:
            raise StanzaError("not-acceptable", f"{asked.var} is an address") from error
