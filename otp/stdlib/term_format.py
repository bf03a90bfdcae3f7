"""term_format — formats any term as a short line without secrets.

OTP:      io_lib:format("~0tP") with a depth, and format_status for everybody
Way:      message_trace, crash reports, observers → [term_format] → terminals
Process:  none; pure

What has the name of a secret (password, token, key …) is masked, and so are arguments of calls that go to be
applied somewhere; bytes are counted, not shown; objects without a repr of their own are shown as their class's name.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from types import FunctionType, MethodType
from typing import Any, Final

from otp.erts.exits import Crash
from otp.erts.pid import Pid, Ref

#: characters of one string, and of the whole line
STRING, LINE = 80, 400
DEPTH, ITEMS = 4, 8
HIDDEN: Final = "***"

_SECRET: Final = re.compile(
    r"(?i)^(args|authorization|auth(zid|cid)?_?data|keys|nonce|digest|handshake"
    r"|(stored|server|salted|client|private|api)_?(keys?|password)"
    r"|.*(password|passwd|secret|cookie|token|credential|signature|proof).*)$"
)
_IN_TEXT: Final = re.compile(
    r"(?i)(<(?:[\w-]+:)?(?:auth|response|challenge|success|password|digest|handshake)\b[^>]*>)[^<]+"
    r"|(\b\w*(?:password|passwd|secret|cookie|token|authorization)\w*[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&)}\]]+"
)

#: how values of one class are shown, where it knows better than this module
Special = Mapping[type, Callable[[Any], str]]


def format_term(term: object, special: Special | None = None) -> str:
    """The term in a line."""
    text = _format(term, special or {}, DEPTH)
    return text if len(text) <= LINE else text[: LINE - 1] + "…"


def masked(text: str) -> str:
    """A text with what looks like a secret taken out, and without control characters."""
    safe = _IN_TEXT.sub(lambda m: f"{m.group(1) or m.group(2)}{HIDDEN}", text)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in safe)


def is_secret(name: str) -> bool:
    """Whether what has this name is not to be shown."""
    return _SECRET.match(name) is not None


def _format(term: Any, special: Special, depth: int) -> str:
    known = special.get(type(term))
    if known is not None:
        return known(term)
    if term is None or isinstance(term, (bool, int, float, Pid, Ref)):
        return str(term)
    if isinstance(term, str):
        text = masked(term if len(term) <= STRING * 4 else term[: STRING * 4])
        return repr(text if len(text) <= STRING else text[: STRING - 1] + "…")
    if isinstance(term, (bytes, bytearray, memoryview)):
        return f"<{len(term)} bytes>"
    if depth == 0:
        return "…"
    return _compound(term, special, depth - 1)


def _compound(term: Any, special: Special, depth: int) -> str:
    if isinstance(term, Crash):
        return masked(f"{term.kind}: {term.text}")
    if isinstance(term, (tuple, list, set, frozenset)) and not hasattr(term, "_fields"):
        return _sequence(term, special, depth)
    if isinstance(term, Mapping):
        pairs = [f"{_format(k, special, depth)}: {_value(k, v, special, depth)}" for k, v in [*term.items()][:ITEMS]]
        return "{" + ", ".join([*pairs, *_rest(len(term))]) + "}"
    if isinstance(term, type):
        return term.__qualname__
    if isinstance(term, (FunctionType, MethodType)):
        return f"{term.__module__}.{term.__qualname__}"
    fields = _fields(term)
    name = type(term).__qualname__
    return f"{name}({', '.join(f'{n}={_value(n, v, special, depth)}' for n, v in fields)})" if fields else name


def _sequence(term: Any, special: Special, depth: int) -> str:
    brackets = "()" if isinstance(term, tuple) else "[]" if isinstance(term, list) else "{}"
    items = [_format(item, special, depth) for item in list(term)[:ITEMS]]
    return brackets[0] + ", ".join([*items, *_rest(len(term))]) + brackets[1]


def _rest(length: int) -> list[str]:
    return [f"… {length - ITEMS} more"] if length > ITEMS else []


def _value(name: object, value: Any, special: Special, depth: int) -> str:
    return HIDDEN if isinstance(name, str) and is_secret(name) else _format(value, special, depth)


def _fields(term: Any) -> list[tuple[str, Any]]:
    """The fields of a dataclass or NamedTuple, or the slots of a plain message class; of anything else nobody knows
    what is safe."""
    if dataclasses.is_dataclass(term):
        names = [field.name for field in dataclasses.fields(term) if field.repr]
    elif isinstance(term, tuple):
        names = [*term._fields]  # type: ignore[attr-defined]  # _compound has seen that it is a NamedTuple
    else:
        slots = getattr(type(term), "__slots__", ())
        names = [slots] if isinstance(slots, str) else list(slots)
    return [(name, getattr(term, name)) for name in names[:ITEMS] if not name.startswith("_") and hasattr(term, name)]
