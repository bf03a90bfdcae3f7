"""Connections that are opened and not used, in every way: each is closed when the time of the negotiation is over."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.attacks import Bystander
from tests.support.booted import Booted
from tests.support.hostile import HEAD
from tests.support.wire import Wire

SECONDS = 2
#: seconds that it may take beyond that, ten times the aim
LATE = 5.0


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    folder = tmp_path_factory.mktemp("strict")
    with Booted.start(folder, workers=1, limits=f"negotiation_seconds = {SECONDS}") as server:
        yield server
        server.drop_all()


def says_nothing(wire: Wire) -> None:
    """Not a word."""


def half_a_tag(wire: Wire) -> None:
    wire.send(HEAD[:40])


def one_letter_at_a_time(wire: Wire) -> None:
    for letter in HEAD[:60]:
        wire.send(letter)
        time.sleep(SECONDS / 30)


def spaces(wire: Wire) -> None:
    wire.open()
    for _ in range(30):
        wire.send(" ")
        time.sleep(SECONDS / 15)


def no_handshake_after_proceed(wire: Wire) -> None:
    wire.open()
    wire.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    wire.next()


def no_resource(wire: Wire) -> None:
    wire.open()
    wire.authenticate("idle", "secret")
    wire.open()


IDLE: tuple[Callable[[Wire], None], ...] = (
    says_nothing, half_a_tag, one_letter_at_a_time, spaces, no_handshake_after_proceed, no_resource,
)  # fmt: skip


def closed_after(wire: Wire, idle: Callable[[Wire], None], began: float) -> float:
    """Seconds from the connect to the end."""
    try:
        idle(wire)
        wire.sock.settimeout(SECONDS + LATE)
        while wire.sock.recv(4096):
            pass
    except (ConnectionError, ssl.SSLError):
        pass
    return time.monotonic() - began


def test_every_way_to_wait_ends(strict: Booted) -> None:
    strict.ask("user add", {"user": "idle@localhost", "password": "secret"})
    took: dict[str, float] = {}

    def wait(idle: Callable[[Wire], None], port: int) -> None:
        began = time.monotonic()
        wire = Wire(port)
        took[f"{idle.__name__} {port}"] = closed_after(wire, idle, began)
        wire.drop()

    ports = {idle: [strict.plain] for idle in IDLE}
    ports[says_nothing] += [strict.tls, strict.direct, strict.component]
    ports[half_a_tag] += [strict.tls, strict.component]  # what is no TLS ends a direct one at once
    with Bystander(strict) as bystander:
        threads = [threading.Thread(target=wait, args=(idle, port)) for idle, some in ports.items() for port in some]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bystander.fault is None
    assert len(took) == len(threads)
    assert not {way: seconds for way, seconds in took.items() if not SECONDS * 0.9 <= seconds <= SECONDS + LATE}


def test_nothing_is_left_of_them(strict: Booted, tmp_path: Path) -> None:
    for _ in range(2):
        for wire in [Wire(strict.plain) for _ in range(200)]:
            wire.send(HEAD[:40])
            wire.drop()
    count = "sum(type(one).__name__ in ('Transport', 'Inbound', 'C2sData') for one in __import__('gc').get_objects())"
    strict.settled(lambda: int(strict.eval(f"__import__('gc').collect() and 0 or {count}")) <= 12)
