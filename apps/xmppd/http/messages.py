"""messages — a request and a response of HTTP, as values.

Way:      http.protocol → [messages] → a handler → [messages] → http.protocol
RFC:      9110 (semantics), 9112 (HTTP/1.1)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes

#: bytes of a path with its query
LONGEST_TARGET: Final = 4096
_HEX: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BARRED: Final = re.compile(r"[\x00-\x1f\x7f\\]")
_ORIGIN: Final = re.compile(r"https?://[^/?#]*", re.IGNORECASE)


class HttpError(Exception):
    """A request that is refused with `status`; `text` is told to whoever sent it."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(f"{status} {text}")
        self.status, self.text, self.headers = status, text, headers

    def response(self) -> HttpResponse:
        """As it is answered."""
        return HttpResponse(self.status, f"{self.text}\n".encode(), headers=self.headers)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What somebody asks. `path` is decoded; `headers` have names in small letters; `peer` is the address on the other
    side; `trusted`: it comes from one of the listener's `monitors`, and by no proxy."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    peer: str = ""
    secure: bool = False
    trusted: bool = False

    def header(self, name: str) -> str:
        """The value of a header, its name in small letters; several joined by commas, "" for none. RFC: 9110 §5.3"""
        return ", ".join(value for key, value in self.headers if key == name)

    @property
    def host(self) -> str:
        """The host that is asked, without a port, in small letters."""
        name = self.header("host").lower()
        return name if name.endswith("]") else name.rpartition(":")[0] or name


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What is answered. Headers that every answer has are added when it is written."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def json_response(value: Any, status: int = 200) -> HttpResponse:
    """An answer in JSON."""
    return HttpResponse(status, json.dumps(value).encode() + b"\n", "application/json")


def target(text: str) -> tuple[str, str]:
    """The path and the query of a request's target; the path is decoded, once. Raises HttpError(400).

    Refused is what some program behind or before us may read differently: dots as segments, backslashes, control
    characters, what is no UTF-8.
    """
    if len(text) > LONGEST_TARGET:
        raise HttpError(414, "the target is too long")
    origin = _ORIGIN.match(text)
    rest = text[origin.end() :] or "/" if origin is not None else text
    path, _, query = rest.partition("?")
    if not path.startswith("/") or "#" in rest or _HEX.search(rest):
        raise HttpError(400, "the target is no path")
    try:
        decoded = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise HttpError(400, "the path is not UTF-8") from None
    if _BARRED.search(decoded) or not {"..", "."}.isdisjoint(decoded.split("/")):
        raise HttpError(400, "there is no such path")
    return decoded, query
