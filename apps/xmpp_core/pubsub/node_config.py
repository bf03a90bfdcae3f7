"""node_config — what a node is configured to do, as a value; and its form, from one table of fields.

Way:  requests of owners, publish-options → [node_config] → access, publishing, events
XEP:  0060 §8.2 (configuration), §7.1.5 (publish-options), §16.4.4 (the fields); 0004, 0068
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from xmpp_core import ns
from xmpp_core.dataforms import Field, Form, Option
from xmpp_core.errors import StanzaError
from xmpp_core.pubsub.pubsub_errors import pubsub_error

FORM_TYPE: Final = f"{ns.PUBSUB}#node_config"
OPTIONS_TYPE: Final = f"{ns.PUBSUB}#publish-options"
ACCESS_MODELS: Final = ("authorize", "open", "presence", "roster", "whitelist")
PUBLISH_MODELS: Final = ("publishers", "subscribers", "open")
#: as many items, or as long, as the service allows
MAX: Final = -1
_TRUE, _FALSE = ("1", "true"), ("0", "false")


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """One node's configuration; the names are those of the fields without `pubsub#`. `max_items`, `item_expire`: MAX
    for what the service allows; an `item_expire` of 0: never."""

    access_model: str = "open"
    publish_model: str = "publishers"
    max_items: int = MAX
    item_expire: int = MAX
    persist_items: bool = True
    deliver_notifications: bool = True
    deliver_payloads: bool = True
    notify_config: bool = False
    notify_delete: bool = True
    notify_retract: bool = True
    notify_sub: bool = False
    send_last_published_item: str = "on_sub_and_presence"
    notification_type: str = "headline"
    presence_based_delivery: bool = False
    max_payload_size: int = MAX
    publish_node_full: str = "retract-oldest"
    itemreply: str = "owner"
    subscribe: bool = True
    purge_offline: bool = False
    roster_groups_allowed: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    type: str = ""
    language: str = ""
    contact: tuple[str, ...] = ()
    node_type: str = "leaf"


@dataclass(frozen=True, slots=True)
class NodeLimits:
    """What a service allows a node: items, octets of a payload, characters of a text field, values of a list."""

    items: int = 10_000
    payload: int = 196_608
    text: int = 1023
    values: int = 64


@dataclass(frozen=True, slots=True)
class FieldKind:
    """How one field is read, written and shown. `read` raises ValueError for what is no value of it."""

    type: str
    read: Callable[[tuple[str, ...], NodeLimits], Any]
    write: Callable[[Any], tuple[str, ...]]
    label: str
    options: tuple[str, ...] = ()


def _one(values: tuple[str, ...]) -> str:
    if len(values) > 1:
        raise ValueError("one value")
    return values[0] if values else ""


def _read_flag(values: tuple[str, ...], limits: NodeLimits) -> bool:
    text = _one(values)
    if text not in _TRUE + _FALSE:
        raise ValueError("true or false")
    return text in _TRUE


def _read_never(values: tuple[str, ...], limits: NodeLimits) -> bool:
    if _read_flag(values, limits):
        raise ValueError("not supported")
    return False


def _read_text(values: tuple[str, ...], limits: NodeLimits) -> str:
    text = _one(values)
    if len(text) > limits.text:
        raise ValueError(f"at most {limits.text} characters")
    return text


def _read_list(values: tuple[str, ...], limits: NodeLimits) -> tuple[str, ...]:
    if len(values) > limits.values or any(len(value) > limits.text for value in values):
        raise ValueError(f"at most {limits.values} values of {limits.text} characters")
    return tuple(sorted(set(values)))


def _count(most: Callable[[NodeLimits], int]) -> Callable[[tuple[str, ...], NodeLimits], int]:
    def read(values: tuple[str, ...], limits: NodeLimits) -> int:
        text = _one(values)
        if text == "max":
            return MAX
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise ValueError("a number, or max")
        if int(text) > most(limits):
            raise ValueError(f"at most {most(limits)}")
        return int(text)

    return read


def _choice(options: tuple[str, ...]) -> Callable[[tuple[str, ...], NodeLimits], str]:
    def read(values: tuple[str, ...], limits: NodeLimits) -> str:
        text = _one(values)
        if text not in options:
            raise ValueError(f"one of {', '.join(options)}")
        return text

    return read


def _flag(label: str) -> FieldKind:
    return FieldKind("boolean", _read_flag, lambda value: ("1" if value else "0",), label)


def _text(label: str) -> FieldKind:
    return FieldKind("text-single", _read_text, lambda value: (value,) if value else (), label)


def _list(label: str, type_: str = "list-multi") -> FieldKind:
    return FieldKind(type_, _read_list, lambda value: value, label)


def _number(label: str, most: Callable[[NodeLimits], int]) -> FieldKind:
    return FieldKind("text-single", _count(most), lambda value: ("max" if value == MAX else str(value),), label)


def _select(label: str, *options: str) -> FieldKind:
    return FieldKind("list-single", _choice(options), lambda value: (value,), label, options)


#: seconds after which items go at the latest, if somebody says so
_LONGEST: Final = 10**10 - 1
#: each field of NodeConfig, in the order of the form
FIELDS: Final[Mapping[str, FieldKind]] = {
    "title": _text("A friendly name for the node"),
    "description": _text("What the node is about"),
    "type": _text("What the payloads are, usually their namespace"),
    "language": _text("The language of the node"),
    "contact": _list("Whom to ask about the node", "jid-multi"),
    "node_type": _select("Whether the node is a leaf", "leaf"),
    "access_model": _select("Who may subscribe and retrieve items", *ACCESS_MODELS),
    "roster_groups_allowed": _list("The groups of the owner's roster that may"),
    "publish_model": _select("Who may publish", *PUBLISH_MODELS),
    "subscribe": _flag("Whether subscriptions are allowed"),
    "persist_items": _flag("Whether items are kept"),
    "max_items": _number("How many items are kept", lambda limits: limits.items),
    "publish_node_full": _select("What happens when there are so many", "retract-oldest", "discard-oldest", "reject"),
    "item_expire": _number("Seconds after which items go", lambda limits: _LONGEST),
    "max_payload_size": _number("Octets that a payload has at most", lambda limits: limits.payload),
    "deliver_notifications": _flag("Whether there are notifications"),
    "deliver_payloads": _flag("Whether notifications have the payload"),
    "notification_type": _select("The type of the messages", "normal", "headline"),
    "presence_based_delivery": _flag("Whether only those are notified who are available"),
    "send_last_published_item": _select("When the last item is sent", "never", "on_sub", "on_sub_and_presence"),
    "notify_config": _flag("Whether subscribers hear of changes of the configuration"),
    "notify_delete": _flag("Whether subscribers hear that the node is deleted"),
    "notify_retract": _flag("Whether subscribers hear that items are removed"),
    "notify_sub": _flag("Whether owners hear of subscribers"),
    "itemreply": _select("Who gets replies", "owner", "publisher"),
    "purge_offline": FieldKind(
        "boolean", _read_never, lambda value: ("0",), "Whether items go when their publisher does"
    ),
}
_VAR: Final = "pubsub#"
#: a node that is made without a word about it: of a service, of an account
SERVICE_DEFAULT: Final = NodeConfig()
PEP_DEFAULT: Final = NodeConfig(access_model="presence", max_items=1)


def read_fields(given: Iterable[Field], limits: NodeLimits, *, strict: bool) -> dict[str, Any]:
    """The values of a form's fields as NodeConfig has them, by name. Those that are not known are left out, or with
    `strict` refused.

    Raises StanzaError not-acceptable for a value that cannot be; for an access model that there is not also
    unsupported-access-model.
    """
    found: dict[str, Any] = {}
    for field in given:
        name = field.var.removeprefix(_VAR)
        if field.var == "FORM_TYPE":
            continue
        kind = FIELDS.get(name) if field.var.startswith(_VAR) else None
        if kind is None:
            if strict:
                raise StanzaError("bad-request", f"there is no field {field.var[:80]}")
            continue
        try:
            found[name] = kind.read(field.values, limits)
        except ValueError as error:
            if name == "access_model":
                raise pubsub_error("unsupported-access-model") from None
            raise StanzaError("not-acceptable", f"{field.var}: {error}") from None
    return found


def configured(config: NodeConfig, given: Iterable[Field], limits: NodeLimits) -> NodeConfig:
    """The configuration after an owner's form: fields that are not known are ignored. Raises StanzaError."""
    return replace(config, **read_fields(given, limits, strict=False))


def read_options(form: Form, limits: NodeLimits) -> dict[str, Any]:
    """The preconditions of a publish request. Raises StanzaError bad-request for a form that is not of this type or a
    field that is not known. XEP: 0060 §7.1.5"""
    if form.form_type != OPTIONS_TYPE:
        raise StanzaError("bad-request", f"publish-options are a form of type {OPTIONS_TYPE}")
    return read_fields(form.fields, limits, strict=True)


def check_preconditions(config: NodeConfig, wanted: Mapping[str, Any]) -> None:
    """Raises StanzaError conflict, precondition-not-met, if a node that is there differs in any field."""
    wrong = sorted(name for name, value in wanted.items() if getattr(config, name) != value)
    if wrong:
        raise pubsub_error("precondition-not-met", f"{', '.join(wrong)} differ")


def of_mapping(options: Mapping[str, str | tuple[str, ...]]) -> tuple[Field, ...]:
    """The fields of a form that the server itself fills in: `{"pubsub#access_model": "open"}`."""
    return tuple([Field(var, (value,) if isinstance(value, str) else value) for var, value in options.items()])


def to_form(config: NodeConfig, type_: str = "form") -> Form:
    """The form for an owner, filled in; of type "result" without labels, as for everybody (§5.4)."""
    shown = type_ == "form"
    made = [Field("FORM_TYPE", (FORM_TYPE,), "hidden")]
    for name, kind in FIELDS.items():
        options = tuple([Option(value) for value in kind.options]) if shown else ()
        values = kind.write(getattr(config, name))
        made.append(Field(f"{_VAR}{name}", values, kind.type, kind.label if shown else "", options=options))
    return Form(type_, tuple(made))


def to_pairs(config: NodeConfig, default: NodeConfig) -> dict[str, list[str]]:
    """What differs from the default, for the store."""
    return {
        field.name: list(FIELDS[field.name].write(getattr(config, field.name)))
        for field in fields(NodeConfig)
        if getattr(config, field.name) != getattr(default, field.name)
    }


def from_pairs(pairs: Mapping[str, Iterable[str]], default: NodeConfig) -> NodeConfig:
    """The inverse; what a later version of the server has written, and this one does not know, is left out."""
    wide, found = NodeLimits(10**10, 10**10, 10**6, 10**6), {}
    for name, values in pairs.items():
        if (kind := FIELDS.get(name)) is not None:
            try:
                found[name] = kind.read(tuple(values), wide)
            except ValueError:
                continue
    return replace(default, **found)


def limit_of_items(config: NodeConfig, limits: NodeLimits) -> int:
    """How many items the node keeps. One that keeps none still has the last one for those who come, if it is to be
    sent to them."""
    if not config.persist_items:
        return 0 if config.send_last_published_item == "never" else 1
    return limits.items if config.max_items == MAX else min(config.max_items, limits.items)
