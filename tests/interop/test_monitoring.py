"""What a monitoring program sees of a server of two workers, of which one stands still, dies, and comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.support.booted import Booted, free_ports

LISTEN = '[[listen]]\nmodule = "http"\nport = {port}'
#: seconds that a scrape may take: a node that does not answer is waited for one second
BOUND = 10.0


def get(port: int, path: str, seconds: float = BOUND) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=seconds) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def scrape(port: int) -> dict[str, Metric]:
    """The families of one scrape; the kernel may give a connection to a worker that stands still, so another is tried
    if the first gets no answer."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return {family.name: family for family in parse(get(port, "/metrics", 3)[1])}
        except OSError:
            assert time.monotonic() < deadline


def by(family: Metric, label: str, name: str = "") -> dict[str, float]:
    found: dict[str, float] = {}
    for one in family.samples:
        if not name or one.name == name:
            found[one.labels[label]] = found.get(one.labels[label], 0) + one.value
    return found


def test_one_scrape_shows_all_workers(tmp_path: Path) -> None:
    [port] = free_ports(1)
    with Booted.start(tmp_path, workers=2, more=LISTEN.format(port=port)) as server:
        assert get(port, "/healthz")[0] == get(port, "/readyz")[0] == 200
        user = server.account()
        for worker in ("w1", "w2"):
            server.on_worker(worker, user)
        first = scrape(port)
        assert by(first["xmppd_up"], "node") == {"main": 1, "w1": 1, "w2": 1}
        assert by(first["xmppd_sessions"], "node") == {"w1": 1, "w2": 1}
        assert min(by(first["xmppd_logins"], "node", "xmppd_logins_total").values()) >= 1
        assert set(by(first["process_resident_memory_bytes"], "node")) == {"main", "w1", "w2"}
        status = server.ask("status")
        assert [row["not_ready"] for row in status["workers"]] == [{}, {}]

        pid = server.worker_pids()["w2"]
        os.kill(pid, signal.SIGSTOP)
        try:
            silent: dict[str, Metric] = {}
            server.settled(lambda: silent.update(scrape(port)) or by(silent["xmppd_up"], "node")["w2"] == 0, 60)
            assert by(silent["xmppd_up"], "node") == {"main": 1, "w1": 1, "w2": 0}
            assert set(by(silent["xmppd_sessions"], "node")) == {"w1"}
        finally:
            os.kill(pid, signal.SIGCONT)
        server.settled(lambda: by(scrape(port)["xmppd_up"], "node")["w2"] == 1, 60)

        os.kill(pid, signal.SIGKILL)
        server.await_workers(lambda up: len(up) == 2 and up["w2"] != pid)

        def counted() -> bool:
            family = scrape(port)["xmppd_worker_ends"]
            return by(family, "worker", "xmppd_worker_ends_total") == {"w1": 0, "w2": 1}

        server.settled(counted, 60)  # an answer serves for a second


def test_without_its_port_the_server_starts_all_the_same(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # whoever has it already does as well
            stack.enter_context(socket.create_server(("127.0.0.1", 5280)))
        flags = [f"--set=listen.{number}.port={port}" for number, port in enumerate(free_ports(2), 1)]
        server = stack.enter_context(Booted.without_a_file(tmp_path, "--set=workers=1", *flags))
        told = server.ask("status")
        assert [listen["module"] for listen in told["listen"]] == ["c2s", "c2s"]
        [warning] = [line for line in told["warnings"] if "5280" in line]
        assert "is taken by" in warning
        assert warning.endswith("; the server runs without it")
        assert not [line for line in server.ask("reload")["done"] if "listen" in line]


def test_without_a_file_it_is_there(tmp_path: Path) -> None:
    ports = free_ports(3)
    flags = [f"--set=listen.{number}.port={port}" for number, port in enumerate(ports, 1)]
    with Booted.without_a_file(tmp_path, "--set=workers=1", *flags):
        assert get(ports[2], "/healthz")[0] == get(ports[2], "/readyz")[0] == 200
        text = get(ports[2], "/metrics")[1]
        assert 'xmppd_up{node="w1"} 1.0' in text
        assert 'xmppd_certificate_days{host="localhost",node="w1"}' in text
