"""What a sender was told to be safe is with the client or on disk, whatever came in which order; and it comes once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp.erts import process
from otp.erts.pid import new_pid
from tests.support import node
from tests.support.node import until
from xmpp_core.element import Element
from xmpp_core.stanza import Message
from xmpp_core.stream_management import DROPPED, MASK, MESSAGE, Acknowledgements, KeptStanza
from xmppd.mods.stream_management.confirmations import Confirmations
from xmppd.routing.deliver import Deliver
from xmppd.routing.unconfirmed import Copies

RECEIVER = new_pid()


@dataclass
class World:
    """One sender, one receiver and a disk. `mailbox`: what is on its way, messages and questions; `told`: messages of
    which the sender may say that they are safe; `read`: what the client has acknowledged; `disk` by number."""

    copies: Copies = field(default_factory=Copies)
    queue: Acknowledgements = field(default_factory=Acknowledgements)
    mailbox: deque[Deliver | tuple[int, int]] = field(default_factory=deque)
    saving: deque[tuple[Sequence[KeptStanza], Callable[[bool], None]]] = field(default_factory=deque)
    disk: dict[int, str] = field(default_factory=dict)
    sent: int = 0
    told: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)
    elsewhere: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.confirmations = Confirmations(self.queue, lambda entries, done: self.saving.append((entries, done)))

    def send(self) -> None:
        message = Deliver(Message(Element("message", "jabber:client", {"id": str(self.sent)})))
        self.sent += 1
        self.copies.add(RECEIVER, message)
        self.mailbox.append(message)

    def ask(self) -> None:
        kept = self.copies.by_holder.get(RECEIVER)
        if kept is not None:
            self.mailbox.append((kept.mark(), self.sent))

    def work(self) -> None:
        """The receiver takes the next message of its mailbox."""
        if not self.mailbox:
            return
        match self.mailbox.popleft():
            case Deliver(stanza):
                self.queue.keep(str(stanza.id), MESSAGE, 1)
            case (mark, upto):
                self.confirmations.confirm(lambda: self.safe(mark, upto), at_once=True)

    def safe(self, mark: int, upto: int) -> None:
        self.copies.confirm(RECEIVER, mark)
        self.told |= set(range(upto))

    def read_some(self, share: int) -> None:
        count = len(self.queue.kept) * share // 3
        done = self.queue.acknowledge((self.queue.acked + count) & MASK)
        self.read |= {int(entry.xml) for entry in done}
        for entry in done:
            self.disk.pop(entry.number, None)
        self.confirmations.acknowledged()

    def disk_answers(self, good: bool) -> None:
        if self.saving:
            entries, done = self.saving.popleft()
            still = {entry.number for entry in self.queue.kept}
            if good:  # what was acknowledged meanwhile is deleted behind it, at once here
                self.disk |= {entry.number: entry.xml for entry in entries if entry.number in still}
            done(good)

    def die(self) -> None:
        """The receiver is killed: rows and copies go elsewhere, each sender's copies at most what was not confirmed."""
        rows = [int(xml) for xml in self.disk.values()]
        copies = [int(str(copy.message.stanza.id)) for copy in self.copies.take(RECEIVER)]
        lost = self.told - self.read - set(rows) - set(self.elsewhere)
        assert not lost, f"a sender was told of {lost}"
        assert not self.read.intersection(rows)
        assert not self.told.intersection(copies), "nothing of which a sender was told comes twice"
        assert set(range(self.sent)) == {*self.read, *rows, *copies, *self.elsewhere}, "nothing is lost at all"
        self.elsewhere += {*rows, *copies}
        self.told |= set(self.elsewhere)
        self.confirmations.forget()
        self.queue, self.disk = Acknowledgements(), {}
        self.mailbox.clear()
        self.saving.clear()
        self.__post_init__()


STEPS: dict[str, Callable[[World], None]] = {
    "send": World.send,
    "ask": World.ask,
    "work": World.work,
    "read some": lambda world: world.read_some(1),
    "read all": lambda world: world.read_some(3),
    "written": lambda world: world.disk_answers(True),
    "disk full": lambda world: world.disk_answers(False),
    "killed": World.die,
}
weights = ["send"] * 4 + ["work"] * 5 + ["ask"] * 2 + ["written"] * 2 + ["read some", "read all", "disk full", "killed"]


@given(st.lists(st.sampled_from(weights), max_size=80))
@settings(max_examples=150, deadline=None)
def test_nothing_that_was_acknowledged_is_lost_and_nothing_comes_twice(steps: list[str]) -> None:
    async def body() -> None:
        world = World()
        for step in steps:
            STEPS[step](world)
        twice = [number for number, count in Counter(world.elsewhere).items() if count > 1]
        assert not twice
        world.ask()
        while world.mailbox:
            world.work()
        for _ in range(4):  # a disk that works again, after what it refused was tried once more
            world.confirmations.commit()
            while world.saving:
                world.disk_answers(True)
        assert not world.copies.count, "in the end everything is safe, and nobody waits"
        world.die()

    node.run(body)


def entry_of(queue: Acknowledgements, kind: str = MESSAGE) -> KeptStanza:
    return queue.keep("<message/>", kind, 1)


def test_a_client_that_acknowledges_in_time_costs_no_write(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        queue, saved, told = Acknowledgements(), list[str](), list[str]()

        def save(entries: Sequence[KeptStanza], done: Callable[[bool], None]) -> None:
            saved.extend(entry.xml for entry in entries)
            done(True)

        confirmations = Confirmations(queue, save)
        assert confirmations.confirm(lambda: told.append("nothing waits"), at_once=False)
        entry_of(queue, DROPPED)
        assert confirmations.confirm(lambda: told.append("presence is for who is there"), at_once=False)
        entry_of(queue)
        assert not confirmations.confirm(lambda: told.append("acknowledged"), at_once=False)
        confirmations.when_acknowledged(lambda: told.append("heard"))
        queue.acknowledge(2)
        confirmations.acknowledged()
        assert told == ["nothing waits", "presence is for who is there", "heard", "acknowledged"]
        await process.sleep(0.1)
        assert not saved
        entry_of(queue)
        confirmations.when_acknowledged(lambda: told.append("heard of the second"))
        confirmations.confirm(lambda: told.append("written"), at_once=False)
        await until(lambda: bool(saved))
        assert told[-1] == "written"
        assert queue.kept[0].durable
        queue.acknowledge(3)
        confirmations.acknowledged()
        assert told[-1] == "heard of the second"

    node.run(body)


def test_what_could_not_be_written_is_tried_again() -> None:
    async def body() -> None:
        queue, told = Acknowledgements(), list[str]()
        answers = iter([False, True])
        confirmations = Confirmations(queue, lambda _, done: done(next(answers)))
        entry_of(queue)
        confirmations.confirm(lambda: told.append("written"), at_once=True)
        assert not told
        await until(lambda: told == ["written"])

    node.run(body)
