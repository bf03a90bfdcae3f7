"""How many connections may be open."""

import pytest

from xmppd.net.connection_limits import ConnectionLimits, OpenConnections, Slot, group


def admitted(connections: OpenConnections, ip: str) -> Slot:
    slot = connections.admit(ip)
    assert slot is not None
    return slot


def test_strangers_of_one_address_are_counted() -> None:
    connections = OpenConnections(ConnectionLimits(unauthenticated_per_address=2))
    first, second = admitted(connections, "192.0.2.1"), admitted(connections, "192.0.2.1")
    first.judged = second.judged = True
    assert connections.admit("192.0.2.1") is None
    assert connections.refused == 1
    assert connections.admit("192.0.2.2") is not None
    first.authenticated()
    assert connections.admit("192.0.2.1") is not None


def test_who_only_holds_connections_keeps_nobody_of_the_same_address_out() -> None:
    connections, evicted = OpenConnections(ConnectionLimits(unauthenticated_per_address=3)), list[int]()
    slots = []
    for n in range(3):
        slots.append(admitted(connections, "192.0.2.1"))
        slots[-1].evict = lambda n=n: evicted.append(n)  # type: ignore[misc]
    slots[0].judged = True
    for _ in range(5):
        admitted(connections, "192.0.2.1")
    assert evicted == [1, 2], "the oldest first, but not the one whose password is being judged"
    assert len(connections.unauthenticated_by_address["192.0.2.1"]) == 3
    slots[0].release()
    assert slots[0] not in connections.unauthenticated


def test_a_place_comes_back_once() -> None:
    connections = OpenConnections(ConnectionLimits(total=1))
    slot = admitted(connections, "192.0.2.1")
    assert connections.admit("192.0.2.2") is None
    slot.release()
    slot.release()
    assert connections.open == 0
    admitted(connections, "192.0.2.2")
    assert connections.admit("192.0.2.3") is None


def test_nothing_is_kept_of_who_has_gone() -> None:
    connections = OpenConnections()
    for slot in [admitted(connections, f"192.0.2.{n}") for n in range(9)]:
        slot.release()
    assert not connections.by_address
    assert not connections.unauthenticated_by_address
    assert not connections.unauthenticated


def test_when_strangers_crowd_the_oldest_goes() -> None:
    connections = OpenConnections(ConnectionLimits(unauthenticated=2))
    evicted: list[str] = []
    slots = [admitted(connections, "192.0.2.1"), admitted(connections, "192.0.2.2")]
    for slot, name in zip(slots, ("first", "second"), strict=True):
        slot.evict = lambda name=name: evicted.append(name)
    slots[0].authenticated()
    admitted(connections, "192.0.2.3")
    assert not evicted
    admitted(connections, "192.0.2.4")
    assert evicted == ["second"]


def test_known_clients_of_one_address_may_be_limited_too() -> None:
    connections = OpenConnections(ConnectionLimits(per_address=1))
    admitted(connections, "192.0.2.1").authenticated()
    assert connections.admit("192.0.2.1") is None


def test_this_machine_shares_no_limit_of_strangers() -> None:
    connections = OpenConnections(ConnectionLimits(unauthenticated_per_address=1))
    for ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert connections.admit(ip) is not None
        assert connections.admit(ip) is not None


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
