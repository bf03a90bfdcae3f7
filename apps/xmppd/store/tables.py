"""tables — every record that is stored, and its table.

OTP:      Mnesia's create_table calls with their record definitions, in one place
Way:      the same columns stand in priv/migrations; a test compares the two
Differs:  a record's repr, which may stand in a crash report, leaves out what people wrote
RFC:      5803 (form of the keys), 6121 §2 (roster)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmppd.store.backend import Table


@dataclass(frozen=True, slots=True)
class Account:
    """A user and the SCRAM keys made of the password, as `SCRAM-SHA-256$iterations:salt$stored:server`."""

    host: str
    user: str
    scram_sha_1: str = field(repr=False)
    scram_sha_256: str = field(repr=False)
    scram_sha_512: str = field(repr=False)
    #: seconds since 1970
    created_at: int = 0
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class RosterItem:
    """What an owner's roster holds about one contact; `listed` is false for a mere pending request.

    `out_axis` and `in_axis` are the two halves of the subscription state (xmpp_core.subscription).
    """

    host: str
    user: str
    contact: str
    name: str = field(default="", repr=False)
    groups: tuple[str, ...] = field(default=(), repr=False)
    out_axis: str = "none"
    in_axis: str = "none"
    approved: bool = False
    listed: bool = False
    #: the subscribe stanza that waits for an answer, whole (RFC 6121 §3.1.3)
    pending: str = field(default="", repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True)
class RosterVersion:
    """The counter of an owner's roster: the version of its latest change, removals included. And what it holds:
    contacts, strangers' requests, octets as it is sent; -1: not counted yet."""

    host: str
    user: str
    counter: int
    items: int = -1
    requests: int = -1
    octets: int = -1


@dataclass(frozen=True, slots=True)
class OfflineMessage:
    """A message that waits for its addressee. Times in milliseconds since 1970; expire 0: never. `total`: octets of all
    that was stored since nothing waited, this one with them; 0 where it was not counted yet."""

    host: str
    user: str
    seq: int
    stamp: int
    xml: str = field(repr=False)
    expire: int = 0
    total: int = 0


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


@dataclass(frozen=True, slots=True)
class PrivateXml:
    """One element of a user's private storage (XEP-0049), keyed by the element's namespace and name."""

    host: str
    user: str
    ns: str
    name: str
    xml: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Vcard:
    """A user's vCard (XEP-0054)."""

    host: str
    user: str
    xml: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LastActivity:
    """When a user's last resource went, in seconds since 1970, and the text it went with (XEP-0012)."""

    host: str
    user: str
    seconds: int
    status: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """A key that all workers share and that outlives them, such as the one made-up salts come from."""

    name: str
    value: bytes = field(repr=False)


ACCOUNT: Final = Table("account", Account, ("host", "user"))
ROSTER: Final = Table("roster", RosterItem, ("host", "user", "contact"))
ROSTER_VERSION: Final = Table("roster_version", RosterVersion, ("host", "user"))
OFFLINE: Final = Table("offline", OfflineMessage, ("host", "user", "seq"))
ASIDE: Final = Table("aside", SetAside, ("host", "user", "source", "number"))
PRIVATE: Final = Table("private", PrivateXml, ("host", "user", "ns", "name"))
VCARD: Final = Table("vcard", Vcard, ("host", "user"))
LAST: Final = Table("last", LastActivity, ("host", "user"))
SECRET: Final = Table("secret", Secret, ("name",))

ALL: Final[tuple[Table[object], ...]] = (  # type: ignore[assignment]  # Table is invariant in its row
    ACCOUNT, ROSTER, ROSTER_VERSION, OFFLINE, ASIDE, PRIVATE, VCARD, LAST, SECRET,
)  # fmt: skip
