"""services — services elsewhere as the configuration names them, and what lets a user in there for a while.

Way:      mod_extdisco → [services] → <service/>
XEP:      0215 §2 (attributes), §3.3 (credentials; its reference TURN-REST: the name is a time and a user, the password
          a hash of the name with the secret that the TURN server has too)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xmpp_core import ns, stamp
from xmpp_core.element import Element, el

#: services that one host names
MOST: Final = 50
TRANSPORTS: Final = ("udp", "tcp")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?")
#: where services of these types listen, if it is not said
_PORTS: Final[Mapping[str, int]] = {"stun": 3478, "turn": 3478, "stuns": 5349, "turns": 5349}


@dataclass(frozen=True, slots=True)
class ExternalService:
    """One service. With a `secret` its credentials are made for each user; else they are `username` and `password`, if
    it has any."""

    type: str
    host: str
    port: int | None = None
    transport: str = ""
    name: str = ""
    restricted: bool = False
    secret: str = field(default="", repr=False)
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def has_credentials(self) -> bool:
        """Whether a user needs some."""
        return bool(self.secret or self.username)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What lets a user in; `expires`: seconds since 1970, None: never."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    expires: int | None = None


_KINDS: Final[Mapping[str, type]] = {
    "type": str, "host": str, "port": int, "transport": str, "name": str, "restricted": bool, "secret": str,
    "username": str, "password": str,
}  # fmt: skip


def parsed(tables: Iterable[Mapping[str, Any]]) -> tuple[ExternalService, ...]:
    """Those that the configuration names. Raises ValueError, which says no secret."""
    found = tuple([_parsed(number, table) for number, table in enumerate(tables, 1)])
    if len(found) > MOST:
        raise ValueError(f"more than {MOST} services")
    return found


def _parsed(number: int, table: Mapping[str, Any]) -> ExternalService:
    try:
        for key, value in table.items():
            if key not in _KINDS:
                raise ValueError(f'no "{key}" is known; there are {", ".join(_KINDS)}')
            if not isinstance(value, _KINDS[key]) or (_KINDS[key] is int and isinstance(value, bool)):
                raise ValueError(f'"{key}" is of another type')
        for key in ("type", "host"):
            if not table.get(key):
                raise ValueError(f'"{key}" is missing')
        values = dict(table) | {"host": _host(table["host"])}
        values.setdefault("port", _PORTS.get(table["type"]))
        values.setdefault("restricted", bool(table.get("secret") or table.get("username")))
        return _checked(ExternalService(**values))
    except ValueError as error:
        raise ValueError(f"services, number {number}: {error}") from None


def _checked(one: ExternalService) -> ExternalService:
    if not _NAME.fullmatch(one.type):
        raise ValueError(f'"{one.type}" is no type')
    if one.transport and one.transport not in TRANSPORTS:
        raise ValueError(f'transport must be one of {", ".join(TRANSPORTS)}, not "{one.transport}"')
    if one.port is not None and not 0 < one.port < 65536:
        raise ValueError(f"port must be 1 to 65535, not {one.port}")
    if one.secret and one.password:
        raise ValueError("either secret, or username and password")
    if bool(one.username) != bool(one.password):
        raise ValueError("username and password go together")
    if one.secret and one.username:
        raise ValueError("either secret, or username and password")
    return one


def _host(text: str) -> str:
    """A name, or an address of either family. Raises ValueError."""
    bare = text.removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        if not _HOST.fullmatch(text):
            raise ValueError(f'"{text}" is no name of a host, and no address') from None
        return text


def credentials(service: ExternalService, user: str, now: float, seconds: int) -> Credentials | None:
    """What lets `user` (a local part) in at `now`; None if nothing is needed."""
    if not service.secret:
        return Credentials(service.username, service.password) if service.username else None
    expires = int(now) + seconds
    name = f"{expires}:{user}"
    mac = hmac.new(service.secret.encode(), name.encode(), hashlib.sha1).digest()
    return Credentials(name, base64.b64encode(mac).decode(), expires)


def of_type(services: Iterable[ExternalService], type_: str | None) -> tuple[ExternalService, ...]:
    """Those of one type, or all."""
    return tuple([one for one in services if type_ is None or one.type == type_])


def changes(before: Iterable[ExternalService], now: Iterable[ExternalService]) -> list[tuple[str, ExternalService]]:
    """What a client that was told of `before` has to hear: what there is to add, to modify and to delete. XEP: 0215
    §3.2"""
    old, new = {_where(one): one for one in before}, {_where(one): one for one in now}
    found = [("modify" if key in old else "add", one) for key, one in new.items() if old.get(key) != one]
    return found + [("delete", one) for key, one in old.items() if key not in new]


def _where(one: ExternalService) -> tuple[str, str, int | None, str]:
    return one.type, one.host, one.port, one.transport


def service_element(service: ExternalService, granted: Credentials | None, action: str | None = None) -> Element:
    """<service/>; `action`: "add", "modify" or "delete" where a client is told of a change."""
    attrs = {
        "action": action,
        "type": service.type,
        "host": service.host,
        "port": str(service.port) if service.port is not None else None,
        "transport": service.transport or None,
        "name": service.name or None,
        "restricted": "true" if service.restricted else None,
    }
    if granted is not None:
        attrs |= {"username": granted.username, "password": granted.password}
        attrs |= {"expires": stamp.from_epoch(granted.expires) if granted.expires is not None else None}
    return el("service", ns.EXTDISCO, attrs)


def matches(service: ExternalService, asked: Element) -> bool:
    """Whether it is the one in a request for credentials: of this host and type, and of this port if one is said."""
    port = asked.get("port")
    same = (service.host.lower(), service.type) == ((asked.get("host") or "").lower(), asked.get("type"))
    return same and (port is None or port == str(service.port))
