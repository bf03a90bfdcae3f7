"""test_release — the built release as its owner meets it: commands, exit codes, crashes, the way down."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.release.conftest import Server

HEADER = (
    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    b"to='localhost' version='1.0'>"
)


def within(seconds: float, condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not true within {seconds} s"
        time.sleep(0.02)
    return found


def greeted(port: int) -> bytes:
    """What the server says to a stream header."""
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(HEADER)
        data = b""
        while b"</stream:features>" not in data and (piece := sock.recv(65536)):
            data += piece
        return data


def worker_pid(server: Server, name: str) -> int:
    rows = {row["name"]: row for row in server.ask("status")["workers"]}
    return int(rows[name]["pid"] or 0)


def test_the_first_screen_says_where_everything_is(make_server: Callable[..., Server]) -> None:
    server = make_server()
    started = server.start()
    assert started.returncode == 0, started.stderr
    for words in (
        f"127.0.0.1:{server.ports[0]} (STARTTLS demanded)",
        f"127.0.0.1:{server.ports[1]} (TLS)",
        str(server.home / "data"),
        str(server.home / "log" / "xmppd.log"),
        "development certificate",
        "user add",
    ):
        assert words in started.stdout
    assert "\033" not in started.stdout
    assert b"<starttls" in greeted(server.ports[0])
    context = ssl.create_default_context(cafile=server.home / "certs" / "localhost.pem")
    with socket.create_connection(("127.0.0.1", server.ports[1]), 5) as sock:
        assert context.wrap_socket(sock, server_hostname="localhost").version() == "TLSv1.3"


def test_accounts(server: Server) -> None:
    made = server.ask("user", "add", "alice")
    assert made["jid"] == "alice@localhost"
    assert len(made["password"]) >= 16
    assert server.run("adduser", "bob@localhost", "--password-stdin", stdin="secret\n").returncode == 0
    assert server.run("register", "carol", "localhost", "secret").returncode == 0
    assert server.run("user", "add", "alice").returncode == 1
    assert server.ask("user", "list") == ["alice@localhost", "bob@localhost", "carol@localhost"]
    assert "password" not in server.ask("passwd", "bob", "--password", "other")
    assert server.run("unregister", "carol", "localhost").returncode == 0
    assert server.run("user", "del", "carol").returncode == 1
    assert server.run("user", "add", "x@elsewhere").stderr == "xmppd: elsewhere is not served here; localhost is\n"
    assert server.ask("roster", "add", "alice", "bob", "--name", "Bob")["asked"] is True
    (row,) = server.ask("roster", "list", "alice")
    assert (row["contact"], row["subscription"], row["ask"], row["name"]) == (
        "bob@localhost",
        "none",
        "subscribe",
        "Bob",
    )
    assert server.run("roster", "remove", "alice", "bob").returncode == 0
    assert server.run("roster", "remove", "alice", "bob").returncode == 1
    assert server.ask("session", "list") == []
    assert server.run("session", "kick", "alice").returncode == 1


def test_looking_in(server: Server) -> None:
    assert server.ask("ping")["workers"] == ["w1", "w2"]
    tree = server.ask("tree")
    assert set(tree) == {"main", "w1", "w2"}
    assert "xmppd_sup" in server.run("tree").stdout
    lines = "x = 40\nx + 2\nprocess.node()\nawait auth.list_users('localhost')\n"
    assert server.run("shell", stdin=lines).stdout == "42\n'w1'\n[]\n"
    assert server.run("shell", "--node", "w2", stdin="process.node()\n").stdout == "'w2'\n"
    assert "all 2 workers serve" in server.run("logs").stdout


def test_what_does_not_run_is_status_3(make_server: Callable[..., Server]) -> None:
    server = make_server()
    for words in (("ping",), ("status",), ("stop",), ("user", "list"), ("tree",)):
        assert server.run(*words).returncode == 3, words


def test_a_second_owner_is_refused_and_start_is_content(server: Server) -> None:
    assert "runs already" in server.run("start").stdout
    second = server.run("foreground", *server.settings)
    assert second.returncode == 1
    assert "belongs to a running server" in second.stderr


def test_two_servers_side_by_side(server: Server, make_server: Callable[..., Server]) -> None:
    other = make_server("hosts=other.example")
    assert other.start().returncode == 0
    other.ask("user", "add", "alice")
    assert server.ask("user", "list") == []
    assert other.ask("user", "list") == ["alice@other.example"]


def test_a_taken_port_is_named_with_its_holder(server: Server, make_server: Callable[..., Server]) -> None:
    other = make_server()
    other.ports[:] = server.ports
    refused = other.run("start", *server.settings)
    assert refused.returncode == 75
    for port in server.ports:
        assert f"port {port} (c2s, ip 127.0.0.1) is taken by " in refused.stderr
    assert "(pid " in refused.stderr


def test_wrong_configuration_is_status_78_with_file_and_line(
    make_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = make_server()
    file = tmp_path / "x.toml"
    file.write_text("workrs = 2\n[limits]\nrate = 3\n")
    for words in (("start",), ("foreground",), ("config", "check")):
        refused = server.run(*words, "--config", str(file))
        assert refused.returncode == 78, words
        assert f'{file}:1: unknown key "workrs" (did you mean "workers"?)' in refused.stderr
        assert f"{file}:3: limits.rate must be" in refused.stderr


def test_a_worker_that_cannot_start_ends_the_release_with_the_reason(make_server: Callable[..., Server]) -> None:
    server = make_server("store.path=/proc/nowhere/db")
    refused = server.start()
    assert refused.returncode == 1
    assert "/proc/nowhere/db" in refused.stderr
    within(5, lambda: server.run("ping").returncode == 3)


def test_a_killed_worker_is_back_and_the_others_serve_on(server: Server) -> None:
    server.ask("user", "add", "alice")
    before = worker_pid(server, "w1")
    other = worker_pid(server, "w2")
    os.kill(before, signal.SIGKILL)
    begin = time.monotonic()
    assert server.ask("user", "list") == ["alice@localhost"]
    within(5, lambda: worker_pid(server, "w1") not in (0, before))
    within(5, lambda: server.run("ping").returncode == 0)
    assert time.monotonic() - begin < 10
    assert worker_pid(server, "w2") == other
    for _ in range(8):
        assert b"<starttls" in greeted(server.ports[0])


def test_no_worker_outlives_a_killed_parent(server: Server) -> None:
    pids = [worker_pid(server, name) for name in ("w1", "w2")]
    os.kill(pids[1], signal.SIGSTOP)  # also one that is stopped at that moment
    os.kill(server.ask("status")["pid"], signal.SIGKILL)
    within(10, lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    assert server.run("ping").returncode == 3
    assert server.start().returncode == 0


def test_sigterm_in_the_foreground_is_status_0(make_server: Callable[..., Server]) -> None:
    server = make_server("workers=2")
    command = [str(server.script), "foreground", "--home", str(server.home), *server.settings]
    with subprocess.Popen(command, env={}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "xmppd" in process.stdout.readline()
        within(10, lambda: server.run("ping").returncode == 0)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "stopping: SIGTERM" in err
    assert not (server.home / "run" / "control.sock").exists()


def test_clients_are_told_of_the_end(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.ports[0]), 5) as sock:
        sock.sendall(HEADER)
        sock.recv(65536)
        stop = subprocess.Popen(
            [str(server.script), "--home", str(server.home), "stop"], env={}, stdout=subprocess.DEVNULL
        )
        data = b""
        while piece := sock.recv(65536):
            data += piece
        assert b"<system-shutdown" in data
    assert stop.wait(30) == 0


def test_sighup_and_reload_take_over_what_may_change(server: Server) -> None:
    file = server.home / "xmppd.toml"
    file.write_text("[modules]\nmod_time = false\n")
    assert any("mod_time" in line for line in server.ask("reload")["done"])
    assert "mod_time@localhost" not in server.run("tree").stdout
    file.unlink()
    os.kill(server.ask("status")["pid"], signal.SIGHUP)
    within(30, lambda: "mod_time@localhost" in server.run("tree").stdout)
    file.write_text("[modules]\nmod_tme = 3\n")
    refused = server.run("reload")
    assert refused.returncode == 78
    assert "nothing was changed" in refused.stderr
    assert server.run("ping").returncode == 0


def test_restart_keeps_the_options_of_the_last_start(server: Server) -> None:
    server.ask("user", "add", "alice")
    before = server.ask("status")
    assert server.run("restart").returncode == 0
    after = server.ask("status")
    assert after["listen"] == before["listen"]
    assert after["pid"] != before["pid"]
    assert server.ask("user", "list") == ["alice@localhost"]
