"""forms — the form of a command, made of its declaration; and the parameters of a call, read from what came back.

Way:  mod_adhoc → [forms] → Form; <x type='submit'/> → [forms] → parameters as commands.check_params wants them
XEP:  0004 §3.3 (types of fields); 0050 §3.4 (payload)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from xmpp_core import dataforms
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmppd.commands import Caller, Command, Kind, Param
from xmppd.mods.adhoc.refusals import refused

_TYPES: Final[Mapping[Kind, str]] = {"flag": "boolean", "many": "text-multi", "account": "jid-single"}
_NUMBERS: Final[Mapping[Kind, tuple[type, str]]] = {"whole": (int, "a whole number"), "number": (float, "a number")}


def asked_for(command: Command, caller: Caller) -> tuple[Param, ...]:
    """The parameters that a caller chooses: who calls on itself does not say on whom."""
    own = caller.access == "account"
    return tuple([param for param in command.params if not (own and param.kind == "account")])


def form_of(command: Command, caller: Caller) -> Form:
    """What is to be filled in."""
    fields = tuple([_field(param) for param in asked_for(command, caller)])
    return Form("form", fields, command.key, command.help)


def read(command: Command, caller: Caller, payload: Element) -> dict[str, Any]:
    """The parameters in a <command/> that completes what was begun; what was left empty is left out.

    Raises StanzaError bad-request with bad-payload.
    """
    params: dict[str, Any] = {param.name: caller.jid.bare for param in command.params if param.kind == "account"}
    values = checked(form_of(command, caller), payload)
    try:
        params |= {param.name: _value(param, values[param.name]) for param in asked_for(command, caller)}
    except StanzaError as error:
        raise refused("bad-payload", error.text) from None
    return {name: value for name, value in params.items() if value is not None}


def checked(form: Form, payload: Element) -> dict[str, tuple[str, ...]]:
    """The values in a <command/>, by field. Raises StanzaError bad-request with bad-payload."""
    try:
        return form.check(_submission(payload))
    except StanzaError as error:
        raise refused("bad-payload", error.text) from None


def _submission(payload: Element) -> Form:
    """A client that has no form sends none, and fills in nothing. XEP-0050 §3.4.1: a cancel is taken for a submit."""
    found = dataforms.find(payload)
    if found is None:
        return Form("submit")
    return replace(found, type="submit") if found.type == "cancel" else found


def _field(param: Param) -> Field:
    type_ = "text-private" if param.is_secret else _TYPES.get(param.kind, "text-single")
    return Field(param.name, _default(param), type_, param.name.replace("_", " "), param.help, param.required)


def _default(param: Param) -> tuple[str, ...]:
    if isinstance(param.default, bool):
        return ("1" if param.default else "0",)
    return () if param.default is None or param.default == "" else (str(param.default),)


def _value(param: Param, values: tuple[str, ...]) -> Any:
    """As the function takes it, None if nothing was filled in. Raises StanzaError."""
    filled = [value for value in values if value]
    if not filled:
        return None
    if param.kind == "many":
        return filled
    if param.kind == "flag":
        return filled[0] in ("1", "true")
    if param.kind in _NUMBERS:
        return _number(param, filled[0])
    return filled[0]


def _number(param: Param, text: str) -> int | float:
    kind, words = _NUMBERS[param.kind]
    try:
        value: int | float = kind(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise StanzaError("not-acceptable", f"{param.name} is {words}")
    return value
