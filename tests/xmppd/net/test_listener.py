"""Who holds the listening socket."""

import errno
import resource
import socket

import pytest

from otp.stdlib import gen_server
from tests.support import node
from tests.support.vanishing import vanish
from xmppd.net import listener
from xmppd.net.listener import Address, Listener, bind


def test_a_free_port_is_bound_and_listens() -> None:
    sock = bind(Address("x", "127.0.0.1", 0))
    socket.create_connection(sock.getsockname()).close()
    assert not sock.getblocking()
    sock.close()


def test_an_accepted_socket_has_what_a_connection_needs() -> None:
    sock = bind(Address("x", "127.0.0.1", 0))
    client = socket.create_connection(sock.getsockname())
    sock.setblocking(True)
    accepted, _ = sock.accept()
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    for each in (accepted, client, sock):
        each.close()


@pytest.mark.parametrize("vanished", [8, 9, 30, 119, 120, 3600])
def test_who_has_vanished_is_noticed_in_time(vanished: int) -> None:
    """Idle: the last probe has gone unanswered by then. With data on the way: so long it is sent again."""
    sock = bind(Address("x", "127.0.0.1", 0, vanished=vanished))
    client = socket.create_connection(sock.getsockname())
    sock.setblocking(True)
    accepted, _ = sock.accept()
    assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    idle, every, probes = (
        accepted.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    assert idle + every * probes == vanished
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == vanished * 1000
    for each in (accepted, client, sock):
        each.close()


def test_off_leaves_it_to_the_kernel() -> None:
    sock = bind(Address("x", "127.0.0.1", 0))
    assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert not sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    sock.close()


def test_a_taken_port_is_named() -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    with pytest.raises(OSError, match=f"127.0.0.1 port {port}") as caught:
        bind(Address("x", "127.0.0.1", port))
    assert caught.value.errno == errno.EADDRINUSE
    taken.close()


def test_the_star_means_both_families() -> None:
    sock = bind(Address("x", "*", 0))
    port = sock.getsockname()[1]
    socket.create_connection(("127.0.0.1", port)).close()
    socket.create_connection(("::1", port)).close()
    sock.close()


def test_workers_share_a_port() -> None:
    first = bind(Address("x", "127.0.0.1", 0))
    second = bind(Address("y", "127.0.0.1", first.getsockname()[1]))
    first.close()
    second.close()


def test_an_inherited_socket_is_adopted() -> None:
    parent = socket.socket()
    parent.bind(("127.0.0.1", 0))
    sock = bind(Address("x", "ignored", 0, fd=parent.detach()))
    socket.create_connection(sock.getsockname()).close()
    sock.close()


def test_the_socket_lives_as_long_as_the_listener() -> None:
    async def body() -> None:
        pid = await gen_server.start(Listener, Address("x", "127.0.0.1", 0), name="listener:x")
        assert pid is not None
        sock = await listener.get_socket("listener:x")
        await gen_server.stop(pid)
        assert sock.fileno() == -1

    node.run(body)


def test_the_limit_of_open_files_is_what_it_may_be() -> None:
    assert listener.raise_fd_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def test_a_peer_that_has_vanished_is_given_up_with_data_on_the_way_and_without() -> None:
    sock = bind(Address("x", "127.0.0.1", 0, vanished=2))
    clients = [socket.create_connection(sock.getsockname()) for _ in range(3)]
    sock.settimeout(5)
    writes, idle, lives = [sock.accept()[0] for _ in clients]
    for one in (writes, idle, lives):
        one.settimeout(20)
    for client in clients[:2]:
        vanish(client)
    writes.send(b"are you there?")
    for lost in (writes, idle):
        with pytest.raises(TimeoutError, match="Connection timed out"):  # ETIMEDOUT, not that of settimeout
            lost.recv(1)
    clients[2].send(b"!")
    assert lives.recv(1) == b"!"
    for one in (*clients, writes, idle, lives, sock):
        one.close()
