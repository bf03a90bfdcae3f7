"""stream_management — counts the stanzas of a stream in both directions, and keeps those that nobody has acknowledged.

Way:      mod_stream_management keeps one with each session → [Acknowledgements]
OTP:      cf. mgmt_queue and mgmt_stanzas_in of mod_stream_mgmt
XEP:      0198 §4 (counters), §5 (what is sent again), §6 (handled-count-too-high)

Every count is one of XML Schema's unsignedInt: it goes from 2^32 - 1 to 0. The queue, the oldest first:

    acked                                          sent
      |  on their way to the client   |  not written  |
      [ 4 ][ 5 ][ 6 ][ 7 ][ 8 ][ 9 ]  [ 10 ][ 11 ][ 12 ]
                                       `unwritten` = 3

What is not written waits for a client that reads too slowly, or for one that is to resume the session. Of those the
last `fresh` were never written to any connection: no client can acknowledge them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from sys import getsizeof
from types import MappingProxyType
from typing import Final

from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.errors import StreamError
from xmpp_core.lost_counts import MASK, LostCounts

#: bytes that a stanza in the queue takes beside its text
OVERHEAD: Final = 160
#: xs:unsignedInt; more digits than it has are refused before they are read
_COUNT: Final = re.compile(r"[ \t\r\n]*0*([0-9]{1,10})[ \t\r\n]*", re.ASCII)
_LONGEST: Final = 64

# -- what becomes of a stanza that no client has acknowledged, when its session ends

#: a message of type normal or chat: to another session, the store, or back as an error
MESSAGE: Final = "message"
#: the same, and it lies in the account's archive already
ARCHIVED: Final = "archived"
#: a message of a room: the room is to hear that its occupant has gone
GROUPCHAT: Final = "groupchat"
#: an IQ of type get or set: whoever asked gets an error
REQUEST: Final = "request"
#: a copy of what another device has sent or got: nothing, but until then it is safe for this one
COPY: Final = "copy"
#: a message that lies in the store until its client has it: it is handed over again
STORED: Final = "stored"
#: presence, answers, errors, headlines: nothing
DROPPED: Final = "dropped"
#: what has to be on disk before its sender hears that it is taken
SAFE: Final = frozenset({MESSAGE, ARCHIVED, COPY})


@dataclass(slots=True, eq=False)
class KeptStanza:
    """One stanza that is not acknowledged.

    `number`: the count with which the client acknowledges it; `xml` as it is written to a client's stream; `kind`: one
    of those above; `first_sent` in milliseconds since 1970; `others`: the processes of the account's other sessions
    that got the same message, as text; `durable`: it is on disk.
    """

    number: int
    xml: str = field(repr=False)
    kind: str = MESSAGE
    first_sent: int = 0
    others: tuple[str, ...] = ()
    durable: bool = False

    @property
    def size(self) -> int:
        """Bytes that it takes, roughly."""
        return OVERHEAD + (len(self.xml) if self.xml.isascii() else getsizeof(self.xml))


class Acknowledgements:
    """See the head of this file.

    `received`: stanzas of the client that were taken up, which is our `h`; `sent`: stanzas that were for the client;
    `acked`: those that it has acknowledged; `kept`: the others; `size`: their bytes; `fresh_size`: those of the last
    `fresh`. `lost`: a process was lost that had this queue, and its client has not come back since.
    """

    __slots__ = ("acked", "fresh", "fresh_size", "kept", "lost", "received", "sent", "size", "unwritten")

    def __init__(
        self, received: int = 0, acked: int = 0, kept: Iterable[KeptStanza] = (), lost: LostCounts | None = None
    ) -> None:
        """As they were, of a session that goes on in another process: `kept` is numbered anew, behind `acked`, and is
        to be written."""
        self.received, self.acked, self.lost = received, acked, lost
        self.kept = list(kept)
        for place, entry in enumerate(self.kept, 1):
            entry.number = (acked + place) & MASK
        self.sent = (acked + len(self.kept)) & MASK
        self.size = sum([entry.size for entry in self.kept])
        self.unwritten = len(self.kept)
        self.fresh = self.fresh_size = 0

    # -- in

    def counted_in(self, stanza: object) -> None:
        """The client has sent a stanza, and it is taken up, whatever becomes of it."""
        self.received = (self.received + 1) & MASK

    # -- out

    def keep(self, xml: str, kind: str, first_sent: int, others: tuple[str, ...] = ()) -> KeptStanza:
        """A stanza for the client that is written at once, behind all others."""
        self.sent = number = (self.sent + 1) & MASK
        entry = KeptStanza(number, xml, kind, first_sent, others)
        self.kept.append(entry)
        self.size += OVERHEAD + (len(xml) if xml.isascii() else getsizeof(xml))
        return entry

    def hold(self, entry: KeptStanza) -> None:
        """The last of them is not written now."""
        self.unwritten += 1
        self.fresh += 1
        self.fresh_size += entry.size

    def next_unwritten(self) -> KeptStanza | None:
        """The next one that is to be written, which counts as written then; None if there is none."""
        if not self.unwritten:
            return None
        entry = self.kept[-self.unwritten]
        if self.unwritten == self.fresh:
            self.fresh -= 1
            self.fresh_size -= entry.size
        self.unwritten -= 1
        return entry

    # -- acknowledged

    @property
    def written(self) -> int:
        """The count of the stanzas that were written: the client acknowledges no more."""
        return (self.sent - self.unwritten) & MASK

    def accepts(self, h: int) -> bool:
        """Whether a client may say on the connection at hand that it has got `h`: not less than it has said before, nor
        more than there is."""
        return (h - self.acked) & MASK <= len(self.kept) - self.unwritten

    def acknowledge(self, h: int) -> list[KeptStanza]:
        """The client has got `h` stanzas. Returns those of which it has not said so before.

        Raises StreamError, with the element that the XEP wants, for a count that cannot be; nothing is changed then.
        """
        if not self.accepts(h):
            raise too_high(h, self.written)
        return self._done((h - self.acked) & MASK)

    def may_resume(self, h: int) -> bool:
        """Whether a client may come back with `h`: as `accepts`, but it may have got what was written to any of the
        connections before."""
        if self.lost is not None:
            return self.lost.accepts(h)
        return (h - self.acked) & MASK <= len(self.kept) - self.fresh

    def resume(self, h: int) -> list[KeptStanza]:
        """The client comes back over a new connection, and has got `h`: all others are to be written, there. Returns
        and raises as `acknowledge` does."""
        if not self.may_resume(h):
            raise too_high(h, (self.sent - self.fresh) & MASK)
        done = self._done((h - self.acked) & MASK) if self.lost is None else self._found(self.lost, h)
        self.unwritten = len(self.kept)
        return done

    def _found(self, lost: LostCounts, h: int) -> list[KeptStanza]:
        """The client of a queue that was lost says how much of it has come: it counts on from there."""
        done = [entry for entry in self.kept if lost.has(entry.number, h)]
        rest = [entry for entry in self.kept if not lost.has(entry.number, h)]
        fresh, fresh_size = min(self.fresh, len(rest)), self.fresh_size
        Acknowledgements.__init__(self, self.received, h, rest)
        self.fresh, self.fresh_size = fresh, fresh_size if fresh else 0
        return done

    def _done(self, number: int) -> list[KeptStanza]:
        self.acked = (self.acked + number) & MASK
        if number == len(self.kept):
            done, self.kept, self.size = self.kept, [], 0
        else:
            done = self.kept[:number]
            del self.kept[:number]
            self.size -= sum([entry.size for entry in done])
        if self.unwritten > len(self.kept):
            self.unwritten = len(self.kept)
        return done


def too_high(h: int, send_count: int) -> StreamError:
    """The error for a client that acknowledges what it cannot have got. XEP: 0198 §6"""
    text = f"You acknowledged {h} stanzas, but I only sent you {send_count} so far."
    app = el("handled-count-too-high", ns.SM, {"h": str(h), "send-count": str(send_count)})
    return StreamError("undefined-condition", text, app=app)


def read_count(text: str | None) -> int | None:
    """The value of an attribute `h` or `max`, an xs:unsignedInt; None for what is none."""
    found = _COUNT.fullmatch(text) if text is not None and len(text) <= _LONGEST else None
    value = int(found[1]) if found is not None else MASK + 1
    return value if value <= MASK else None


def read_boolean(text: str | None) -> bool:
    """The value of an attribute `resume`, an xs:boolean; what is none says no."""
    return text is not None and text.strip() in ("true", "1")


#: by the type of a message, if that is not MESSAGE
OF_MESSAGES: Final[Mapping[str | None, str]] = MappingProxyType({
    "error": DROPPED, "headline": DROPPED, "groupchat": GROUPCHAT,
})  # fmt: skip


def kind_of(name: str, type_: str | None, *, for_one: str = "", is_archived: bool = False) -> str:
    """What is to become of a stanza, by its name and type: `for_one`, one of COPY, STORED and DROPPED, if the message
    is for this session alone; `is_archived` already. RFC: 6121 §8.5.3.2"""
    if name == "message":
        kind = OF_MESSAGES.get(type_, MESSAGE)
        return for_one or (ARCHIVED if is_archived else kind) if kind is MESSAGE else kind
    return REQUEST if name == "iq" and type_ in ("get", "set") else DROPPED
