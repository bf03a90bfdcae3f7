"""xml_stream — the XML of one connection: octets in, header, elements and end out, under limits.

OTP:      cf. xml_stream.erl, the expat port of ejabberd
Way:      net.receiver → [xml_stream] → xmpp_core.parser, with the parsers of this worker's pool
RFC:      6120 §4.3.3 (a new stream over the same connection begins from nothing)
"""

from __future__ import annotations

from typing import Final

from xmpp_core import ns
from xmpp_core.errors import StreamError
from xmpp_core.parser import BEFORE_AUTH, Event, Limits, StreamEnd, XmlStreamParser
from xmpp_core.parser_pool import ParserPool

POOL: Final = ParserPool()


class XmlStream:
    """One stream after the other over one connection.

    Attributes: `ended` (the stream was closed or is broken: nothing that follows is looked at).
    """

    __slots__ = ("_content_ns", "_limits", "_parser", "ended")

    def __init__(self, limits: Limits = BEFORE_AUTH, content_ns: str = ns.CLIENT) -> None:
        self._limits, self._content_ns = limits, content_ns
        self._parser = XmlStreamParser(limits, content_ns=content_ns, pool=POOL)
        self.ended = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises StreamError, whose `events` came before the error."""
        try:
            events = self._parser.feed(data)
        except StreamError:
            self.ended = True
            raise
        if events and type(events[-1]) is StreamEnd:
            self.drop()  # now: when a thousand clients leave at once, each would hold an expat parser till its goodbye
        return events

    @property
    def between(self) -> bool:
        """True between two elements: nothing has begun that has not ended."""
        return self._parser.pending == 0

    def reset(self, limits: Limits | None = None) -> None:
        """What comes next is a new stream, under `limits` if given."""
        self._limits = limits or self._limits
        self._parser.close()
        self._parser = XmlStreamParser(self._limits, content_ns=self._content_ns, pool=POOL)
        self.ended = False

    def set_limits(self, limits: Limits) -> None:
        """Other limits from now on, in the stream that is open."""
        self._limits = limits
        self._parser.set_limits(limits)

    def drop(self) -> None:
        """The stream is over: lets go of the parser."""
        self._parser.close()
        self.ended = True
