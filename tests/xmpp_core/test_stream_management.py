"""test_stream_management — counters and queue against a model: a client that reads, is cut off, and comes back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from xmpp_core.errors import StreamError
from xmpp_core.stream_management import (
    ARCHIVED,
    COPY,
    DROPPED,
    GROUPCHAT,
    MASK,
    MESSAGE,
    REQUEST,
    Acknowledgements,
    KeptStanza,
    kind_of,
    read_boolean,
    read_count,
)

COUNTS = st.one_of(st.integers(0, 20), st.integers(MASK - 20, MASK), st.integers(0, MASK))


class Conversation(RuleBasedStateMachine):
    """The server's side is an Acknowledgements, the client's a plain list of what it has read, over connections that
    lose what is on their way. Stanzas are numbered from 0 without an end; the wire has the counts."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Acknowledgements()
        self.before = 0  # how many were sent before the model begins: near the end of the counts
        self.made = 0
        self.connected = True
        self.slow = False
        self.wire: list[int] = []
        self.read: list[int] = []
        self.acked = 0

    @rule(before=COUNTS)
    @precondition(lambda self: not self.made and not self.before)
    def begins_with(self, before: int) -> None:
        self.before = before
        self.server = Acknowledgements(before, before)

    def h(self, number: int) -> int:
        return (self.before + number) & MASK

    @rule()
    def a_stanza_is_sent(self) -> None:
        entry = self.server.keep(str(self.made), MESSAGE, 0)
        self.made += 1
        assert entry.number == self.h(self.made)
        if not self.connected or self.slow or self.server.unwritten:
            self.server.hold(entry)
        else:
            self.wire.append(self.made - 1)

    @rule(number=st.integers(1, 4))
    @precondition(lambda self: self.connected)
    def the_client_reads(self, number: int) -> None:
        self.read += self.wire[:number]
        del self.wire[:number]

    @rule(slow=st.booleans())
    @precondition(lambda self: self.connected)
    def the_client_is_slow(self, slow: bool) -> None:
        self.slow = slow
        if not slow:
            self.rest_is_written()

    def rest_is_written(self) -> None:
        while (entry := self.server.next_unwritten()) is not None:
            self.wire.append(int(entry.xml))

    @rule()
    @precondition(lambda self: self.connected)
    def the_client_acknowledges(self) -> None:
        done = self.server.acknowledge(self.h(len(self.read)))
        assert [int(entry.xml) for entry in done] == list(range(self.acked, len(self.read)))
        self.acked = len(self.read)

    @rule()
    def the_connection_is_lost(self) -> None:
        self.connected, self.wire = False, []

    @rule(slow=st.booleans())
    def the_client_comes_back(self, slow: bool) -> None:
        self.wire, self.connected, self.slow = [], True, slow
        done = self.server.resume(self.h(len(self.read)))
        assert [int(entry.xml) for entry in done] == list(range(self.acked, len(self.read)))
        self.acked = len(self.read)
        if not slow:
            self.rest_is_written()

    @rule(h=COUNTS)
    @precondition(lambda self: self.connected)
    def a_count_that_cannot_be_changes_nothing(self, h: int) -> None:
        written = self.made - self.server.unwritten
        possible = {self.h(number) for number in range(self.acked, written + 1)}
        assert self.server.accepts(h) is (h in possible)
        if h not in possible:
            before = (self.server.acked, self.server.unwritten, list(self.server.kept))
            with pytest.raises(StreamError) as caught:
                self.server.acknowledge(h)
            assert caught.value.condition == "undefined-condition"
            assert caught.value.app is not None
            assert caught.value.app.attrs == {"h": str(h), "send-count": str(self.h(written))}
            assert (self.server.acked, self.server.unwritten, list(self.server.kept)) == before

    @rule(h=COUNTS)
    def nor_may_a_client_resume_with_one(self, h: int) -> None:
        ever_written = self.made - self.server.fresh
        possible = {self.h(number) for number in range(self.acked, ever_written + 1)}
        assert self.server.may_resume(h) is (h in possible)

    @rule()
    def the_session_goes_on_in_another_process(self) -> None:
        old, self.wire, self.connected = self.server, [], False
        entries = [KeptStanza(0, entry.xml) for entry in old.kept]
        ever_written = len(old.kept) - old.fresh
        self.server = Acknowledgements(old.received, old.acked, entries)
        for _ in range(ever_written):
            self.server.next_unwritten()
        for entry in self.server.kept[ever_written:]:  # what was never written is so now, too
            self.server.unwritten -= 1
            self.server.hold(entry)

    @invariant()
    def everything_is_read_once_and_in_its_order(self) -> None:
        assert self.read == list(range(len(self.read)))

    @invariant()
    def the_queue_is_what_is_not_acknowledged(self) -> None:
        server = self.server
        assert [int(entry.xml) for entry in server.kept] == list(range(self.acked, self.made))
        assert [entry.number for entry in server.kept] == [self.h(n + 1) for n in range(self.acked, self.made)]
        assert server.sent == self.h(self.made)
        assert server.size == sum(entry.size for entry in server.kept)
        assert 0 <= server.fresh <= server.unwritten <= len(server.kept)
        assert server.fresh_size == sum(entry.size for entry in server.kept[len(server.kept) - server.fresh :])


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(start=COUNTS, number=st.integers(0, 50))
def test_what_the_client_sends_is_counted_and_the_count_begins_again(start: int, number: int) -> None:
    counts = Acknowledgements(start)
    for _ in range(number):
        counts.counted_in(None)
    assert counts.received == (start + number) % 2**32


@pytest.mark.parametrize(("text", "value"), [
    ("0", 0), ("7", 7), ("007", 7), (" 7\n", 7), ("4294967295", MASK), ("00000000004294967295", MASK),
    ("4294967296", None), ("99999999999999999999", None), ("-1", None), ("+1", None), ("1.0", None), ("0x10", None),
    ("", None), (" ", None), ("1 2", None), ("٣", None), ("1_000", None), ("1e3", None), (None, None),
    ("0" * 5000, None),
])  # fmt: skip
def test_a_count_is_an_unsigned_int_of_xml_schema(text: str | None, value: int | None) -> None:
    assert read_count(text) == value


@given(st.text(max_size=80))
def test_any_text_is_a_count_or_none(text: str) -> None:
    value = read_count(text)
    assert value is None or 0 <= value <= MASK


def test_a_boolean_is_one_of_xml_schema() -> None:
    assert [read_boolean(text) for text in ("true", "1", " true ")] == [True] * 3
    assert [read_boolean(text) for text in ("false", "0", "", "TRUE", "yes", None)] == [False] * 6


@pytest.mark.parametrize(("name", "type_", "kind"), [
    ("message", None, MESSAGE), ("message", "chat", MESSAGE), ("message", "normal", MESSAGE),
    ("message", "nonsense", MESSAGE), ("message", "groupchat", GROUPCHAT), ("message", "headline", DROPPED),
    ("message", "error", DROPPED), ("presence", None, DROPPED), ("presence", "unavailable", DROPPED),
    ("presence", "subscribe", DROPPED), ("iq", "get", REQUEST), ("iq", "set", REQUEST), ("iq", "result", DROPPED),
    ("iq", "error", DROPPED),
])  # fmt: skip
def test_what_becomes_of_a_stanza_whose_session_has_ended(name: str, type_: str | None, kind: str) -> None:
    assert kind_of(name, type_) == kind


def test_a_copy_is_nobody_elses_and_what_is_archived_is_not_stored_again() -> None:
    assert kind_of("message", "chat", for_one=COPY, is_archived=True) == COPY
    assert kind_of("message", "chat", is_archived=True) == ARCHIVED
    assert kind_of("message", "groupchat", is_archived=True) == GROUPCHAT
