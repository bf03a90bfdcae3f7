"""test_ports — binding for all workers, and naming who is in the way.

Way:  xmppd.node.ports
"""

from __future__ import annotations

import dataclasses
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from xmppd.config.load import load
from xmppd.config.schema import Listen
from xmppd.node import ports


def test_one_socket_per_worker_on_the_same_free_port() -> None:
    bound = ports.bind_all([Listen(port=0), Listen(port=0, ip="*")], workers=3)
    try:
        assert [len(sockets) for sockets in bound] == [3, 3]
        for sockets in bound:
            assert len({sock.getsockname()[1] for sock in sockets}) == 1
            assert ports.port_of(sockets) > 0
        assert len({sock.fileno() for sockets in bound for sock in sockets}) == 6
    finally:
        ports.close_all(bound)


def test_all_of_both_families_are_heard_by_a_star() -> None:
    (sockets,) = bound = ports.bind_all([Listen(port=0, ip="*")], workers=1)
    try:
        sockets[0].listen()
        for address in ("127.0.0.1", *(["::1"] if socket.has_dualstack_ipv6() else [])):
            socket.create_connection((address, ports.port_of(sockets)), 5).close()
    finally:
        ports.close_all(bound)


def test_taken_ports_are_all_named_with_their_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        taken = [one.getsockname()[1], two.getsockname()[1]]
        with pytest.raises(ports.PortTaken) as caught:
            ports.bind_all([Listen(port=port) for port in taken], workers=2)
    for port in taken:
        assert f"port {port} (c2s, ip 127.0.0.1) is taken by " in str(caught.value)
    assert f"(pid {os.getpid()})" in str(caught.value)


def test_a_server_of_the_same_user_with_shared_ports_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other, pytest.raises(ports.PortTaken):
        ports.bind_all([Listen(port=other.getsockname()[1])], workers=1)


def test_a_listener_that_nobody_configured_is_left_out_where_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        clients = Listen(port=0)
        http = Listen("http", port=other.getsockname()[1], tls="off", optional=True)
        config = dataclasses.replace(load(None, tmp_path, {}, {"workers": "2"}), listen=(http, clients))
        served, bound = ports.bind_config(config)
        try:
            assert served.listen == (clients,)
            assert [len(sockets) for sockets in bound] == [2]
            [warning] = served.warnings
            assert f"port {http.port} (http, ip 127.0.0.1) is taken by " in warning
            assert warning.endswith("; the server runs without it")
        finally:
            ports.close_all(bound)
        asked_for = dataclasses.replace(config, listen=(dataclasses.replace(http, optional=False), clients))
        with pytest.raises(ports.PortTaken):
            ports.bind_config(asked_for)
    served, bound = ports.bind_config(config)
    ports.close_all(bound)
    assert (served, len(bound)) == (config, 2)


def test_an_address_of_another_machine() -> None:
    with pytest.raises(ports.NoAddress, match="no such address"):
        ports.bind_all([Listen(ip="192.0.2.1", port=0)], workers=1)


def test_a_port_that_may_not_be_bound_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ports.PortForbidden, match="CAP_NET_BIND_SERVICE"):
        ports.bind_all([Listen(port=80)], workers=1)


def test_another_xmppd_is_named_with_its_home() -> None:
    wait = "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
    words = [sys.executable, "-c", f"{wait}; sys.stdin.read()", "xmppd.node.parent", "--home", "/srv/a"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        with pytest.raises(ports.PortTaken) as caught:
            ports.bind_all([Listen(port=0), Listen(port=port)], workers=1)
        other.communicate("")
    assert f"is taken by another xmppd (pid {other.pid}, home /srv/a)" in str(caught.value)
    assert "--set listen.2.port=N" in str(caught.value)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        assert str(os.getpid()) in ports.who_listens(port)
    assert ports.who_listens(port) == ""
