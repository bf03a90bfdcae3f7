"""context — what the server knows of a stanza besides its XML; it travels with the stanza, between nodes too.

Way:      packets, router → [Context] → the stages of an account (routing.account) → Deliver → the c2s of the recipient
OTP:      cf. mongoose_acc, MongooseIM's accumulator
XEP:      0313 (the id in the archive), 0280 (copies), 0334 (no-copy), 0203 (the time of the first attempt)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from otp.kernel import codec
from xmpp_core import stream_management

#: what Context.for_one says: which kind of a queue's entries it is (xmpp_core.stream_management)
COPY: Final = stream_management.COPY
STORED: Final = stream_management.STORED
ANSWER: Final = stream_management.DROPPED


class Origin(StrEnum):
    """What sent a stanza."""

    CLIENT = "client"
    SERVER = "server"
    SERVICE = "service"
    COMPONENT = "component"
    FEDERATION = "federation"


@dataclass(slots=True)
class Context:
    """Written by the stages, in place, one at a time.

    `archive_id` is what the stanza is called in the archive of the account that is at hand, "" without one; `no_copy`
    forbids copies to other devices; `for_one`: why nobody else gets it if its device goes, "" if others do: it is a
    COPY, the ANSWER to what the device has asked for, or STORED until it has come; `first_sent` is the time of the
    first attempt to deliver (ms since 1970, 0: this is it). `staged`: the recipient's stages are behind it, it is only
    to be delivered. `hops` counts the nodes that have passed it on. `version`: of presence that follows from a change
    of the sender's roster, which has this version now: of two such, the later one counts, in whatever order they come.
    """

    origin: Origin = Origin.CLIENT
    archive_id: str = ""
    no_copy: bool = False
    for_one: str = ""
    first_sent: int = 0
    staged: bool = False
    hops: int = 0
    version: int = 0

    def for_recipient(self) -> Context:
        """What the sender's stages leave to the recipient's: each account has an archive of its own."""
        self.archive_id = ""
        return self

    def to_wire(self) -> tuple[Any, ...]:
        """As plain values, for the codec between nodes."""
        return (
            self.origin.value, self.archive_id, self.no_copy, self.for_one,
            self.first_sent, self.staged, self.hops, self.version,
        )  # fmt: skip

    @classmethod
    def from_wire(cls, origin: str, *rest: Any) -> Context:
        """The inverse of to_wire. Raises ValueError for an origin that there is not."""
        return cls(Origin(origin), *rest)


codec.register(Context, 47, Context.to_wire, Context.from_wire, flat=True)
