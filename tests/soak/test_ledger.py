"""The verdict of the ledger: what is lost, doubled, behind, and not as acknowledged."""

from __future__ import annotations

from tests.soak.ledger import Ledger


def sent(ledger: Ledger, *, acknowledged: bool = True) -> int:
    number = ledger.send("romeo", "juliet")
    if acknowledged:
        ledger.acknowledge(number)
    return number


def test_lost_is_what_was_acknowledged_and_neither_came_nor_was_returned() -> None:
    ledger = Ledger()
    came, returned, lost = sent(ledger), sent(ledger), sent(ledger)
    sent(ledger, acknowledged=False)
    ledger.receive(came, "juliet")
    ledger.give_back(returned)
    assert ledger.lost() == [lost]
    assert (ledger.waiting_for("juliet"), ledger.waiting_for("romeo")) == (1, 0)


def test_doubled_is_what_came_again_after_the_server_knew_that_it_had_come() -> None:
    ledger = Ledger()
    number = sent(ledger)
    ledger.receive(number, "juliet")
    ledger.receive(number, "juliet")
    assert (ledger.doubled, ledger.again) == ([], 1)
    ledger.confirm(number)
    ledger.receive(number, "juliet")
    assert (ledger.doubled, ledger.again) == ([number], 1)


def test_what_the_sender_had_to_repeat_may_come_again() -> None:
    ledger = Ledger()
    number = sent(ledger)
    ledger.receive(number, "juliet")
    ledger.confirm(number)
    ledger.repeat(number)
    ledger.receive(number, "juliet")
    assert (ledger.doubled, ledger.again) == ([], 1)


def test_behind_is_what_first_comes_after_a_later_one_of_the_same_sender() -> None:
    ledger = Ledger()
    first, second = sent(ledger), sent(ledger)
    other = ledger.send("tybalt", "juliet")
    ledger.receive(other, "juliet")
    ledger.receive(second, "juliet")
    ledger.receive(first, "juliet")
    assert ledger.disordered == [first]


def test_a_fact_is_the_last_acknowledged_value_or_one_that_was_asked_for_since() -> None:
    ledger, key = Ledger(), ("romeo", "vcard")
    ledger.ask(key, "a")
    assert not ledger.wrong_facts({})
    assert not ledger.wrong_facts({key: "a"})
    ledger.answered(key, "a")
    ledger.ask(key, "b")
    assert ledger.wrong_facts({}) == [(key, "", ["a", "b"])]
    assert not ledger.wrong_facts({key: "a"})
    assert not ledger.wrong_facts({key: "b"})
    ledger.answered(key, "b")
    assert ledger.wrong_facts({key: "a"}) == [(key, "a", ["b"])]
