"""ledger — what was sent, acknowledged and received, by the number of each message, and the verdict on it.

Pure: who sends and receives tells it, and asks for the verdict when all is quiet. A message is *acknowledged* once the
server's <a h/> (or the answer to a later request) covered it. It is *confirmed* at a receiver once the server has
answered a request that came after that receiver's own <a h/>. Then:

    lost        acknowledged, never received, and not returned as an error either
    doubled     received again although it had been acknowledged before it left again, and confirmed
    again       received again otherwise: at least once, which is allowed for what was not acknowledged or confirmed
    disordered  first received behind a later one of the same sender to the same receiver
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Sent:
    """The life of a message: who wrote it to whom, and what became of it."""

    sender: str
    receiver: str
    acknowledged: bool = False
    returned: bool = False
    received: int = 0
    confirmed: bool = False
    #: it left once more, after a resumption that did not cover it
    repeated: bool = False


@dataclass(slots=True)
class Ledger:
    """All messages of a run, by number from 0, and the facts by key that IQ results have acknowledged."""

    messages: list[Sent] = field(default_factory=list)
    last: dict[tuple[str, str], int] = field(default_factory=dict)
    disordered: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    again: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    #: key of a fact → the values that may be there: the last acknowledged one, and those asked for since
    facts: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    def send(self, sender: str, receiver: str) -> int:
        """A message is about to leave; its number."""
        self.messages.append(Sent(sender, receiver))
        return len(self.messages) - 1

    def repeat(self, number: int) -> None:
        """It leaves once more."""
        self.messages[number].repeated = True

    def acknowledge(self, number: int) -> None:
        """The server has taken the responsibility."""
        self.messages[number].acknowledged = True

    def give_back(self, number: int) -> None:
        """It came back to the sender as an error."""
        self.messages[number].returned = True

    def receive(self, number: int, at: str) -> None:
        """It has come to the account `at`."""
        message = self.messages[number]
        message.received += 1
        if message.received > 1:
            if message.confirmed and not message.repeated:
                self.doubled.append(number)
            else:
                self.again += 1
            return
        pair = message.sender, at
        if number < self.last.get(pair, -1):
            self.disordered.append(number)
        self.last[pair] = max(number, self.last.get(pair, -1))

    def confirm(self, number: int) -> None:
        """The receiver's acknowledgement has been read by the server."""
        self.messages[number].confirmed = True

    def lost(self) -> list[int]:
        """The verdict, when all receivers have had what there is."""
        return [
            number
            for number, message in enumerate(self.messages)
            if message.acknowledged and not message.received and not message.returned
        ]

    def forgive(self) -> None:
        """What was wrong until now is told, and not told again."""
        for number in self.lost():
            self.messages[number].returned = True
        self.doubled.clear()
        self.disordered.clear()

    def waiting_for(self, receiver: str) -> int:
        """How many acknowledged messages a receiver has not got."""
        return sum(self.messages[number].receiver == receiver for number in self.lost())

    # -- facts: what an IQ has set

    def ask(self, key: tuple[str, ...], value: str) -> None:
        """A request to set `key` to `value` leaves: from now on it may be there."""
        self.facts.setdefault(key, [""]).append(value)

    def answered(self, key: tuple[str, ...], value: str) -> None:
        """Its result has come: what was there before is not there any more."""
        values = self.facts[key]
        if value in values:
            del values[: values.index(value)]

    def wrong_facts(self, found: dict[tuple[str, ...], str]) -> list[tuple[tuple[str, ...], str, list[str]]]:
        """(key, what is there, what may be there) of those that are not as acknowledged; "" is nothing there."""
        return [
            (key, found.get(key, ""), values) for key, values in self.facts.items() if found.get(key, "") not in values
        ]

    def summary(self) -> dict[str, int]:
        """The figures."""
        return {
            "sent": len(self.messages),
            "acknowledged": sum(message.acknowledged for message in self.messages),
            "received": sum(message.received > 0 for message in self.messages),
            "returned": sum(message.returned for message in self.messages),
            "lost": len(self.lost()),
            "doubled": len(self.doubled),
            "again": self.again,
            "disordered": len(self.disordered),
            **dict(sorted(self.counts.items())),
        }
