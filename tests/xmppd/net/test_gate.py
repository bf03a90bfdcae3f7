"""How many connections may be open."""

import pytest

from xmppd.net.gate import Gate, GateLimits, Ticket, group


def admitted(gate: Gate, ip: str) -> Ticket:
    ticket = gate.admit(ip)
    assert ticket is not None
    return ticket


def test_strangers_of_one_address_are_counted() -> None:
    gate = Gate(GateLimits(strangers_per_address=2))
    first, second = admitted(gate, "192.0.2.1"), admitted(gate, "192.0.2.1")
    first.judged = second.judged = True
    assert gate.admit("192.0.2.1") is None
    assert gate.refused == 1
    assert gate.admit("192.0.2.2") is not None
    first.known()
    assert gate.admit("192.0.2.1") is not None


def test_who_only_holds_connections_keeps_nobody_of_the_same_address_out() -> None:
    gate, evicted = Gate(GateLimits(strangers_per_address=3)), list[int]()
    tickets = []
    for n in range(3):
        tickets.append(admitted(gate, "192.0.2.1"))
        tickets[-1].evict = lambda n=n: evicted.append(n)  # type: ignore[misc]
    tickets[0].judged = True
    for _ in range(5):
        admitted(gate, "192.0.2.1")
    assert evicted == [1, 2], "the oldest first, but not the one whose password is being judged"
    assert len(gate.strangers_by_address["192.0.2.1"]) == 3
    tickets[0].release()
    assert tickets[0] not in gate.strangers


def test_a_place_comes_back_once() -> None:
    gate = Gate(GateLimits(total=1))
    ticket = admitted(gate, "192.0.2.1")
    assert gate.admit("192.0.2.2") is None
    ticket.release()
    ticket.release()
    assert gate.open == 0
    admitted(gate, "192.0.2.2")
    assert gate.admit("192.0.2.3") is None


def test_nothing_is_kept_of_who_has_gone() -> None:
    gate = Gate()
    for ticket in [admitted(gate, f"192.0.2.{n}") for n in range(9)]:
        ticket.release()
    assert not gate.by_address
    assert not gate.strangers_by_address
    assert not gate.strangers


def test_when_strangers_crowd_the_oldest_goes() -> None:
    gate = Gate(GateLimits(strangers=2))
    evicted: list[str] = []
    tickets = [admitted(gate, "192.0.2.1"), admitted(gate, "192.0.2.2")]
    for ticket, name in zip(tickets, ("first", "second"), strict=True):
        ticket.evict = lambda name=name: evicted.append(name)
    tickets[0].known()
    admitted(gate, "192.0.2.3")
    assert not evicted
    admitted(gate, "192.0.2.4")
    assert evicted == ["second"]


def test_known_clients_of_one_address_may_be_limited_too() -> None:
    gate = Gate(GateLimits(per_address=1))
    admitted(gate, "192.0.2.1").known()
    assert gate.admit("192.0.2.1") is None


def test_this_machine_shares_no_limit_of_strangers() -> None:
    gate = Gate(GateLimits(strangers_per_address=1))
    for ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert gate.admit(ip) is not None
        assert gate.admit(ip) is not None


@pytest.mark.parametrize(
    ("ip", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(ip: str, key: str) -> None:
    assert group(ip) == key
