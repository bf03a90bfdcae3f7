"""tables — messages that wait, and those that could not be read.

Way:      writer, room, spool → [tables] → store
XEP:      0160
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmppd.store.backend import Table
from xmppd.store.schema import add_columns, create_table


@dataclass(frozen=True, slots=True)
class OfflineMessage:
    """A message that waits for its addressee. Times in milliseconds since 1970; expire 0: never. `total`: octets of all
    that was stored since nothing waited, this one with them; 0 where it was not counted yet. `archived`: its id in the
    account's archive, "" if that did not keep it."""

    host: str
    user: str
    seq: int
    stamp: int
    xml: str = field(repr=False)
    expire: int = 0
    total: int = 0
    archived: str = ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row of table `source` that could not be read, and why; `number` is unique, `seq` was its own."""

    host: str
    user: str
    source: str
    number: int
    stamp: int
    xml: str = field(repr=False)
    why: str
    seq: int


OFFLINE: Final = Table("offline", OfflineMessage, ("host", "user", "seq"))
ASIDE: Final = Table("aside", SetAside, ("host", "user", "source", "number"))
MIGRATIONS: Final = (
    create_table("offline", ("host", "user", "seq"), host=str, user=str, seq=int, stamp=int, xml=str, expire=int),
    create_table(
        "aside",
        ("host", "user", "source", "number"),
        host=str,
        user=str,
        source=str,
        number=int,
        stamp=int,
        xml=str,
        why=str,
        seq=int,
    ),
    add_columns("offline", total=(int, 0)),
    add_columns("offline", archived=(str, "")),
)
