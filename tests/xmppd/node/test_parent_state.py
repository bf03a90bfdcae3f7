"""test_parent_state — what the parent tells of itself.

Way:  xmppd.node.parent_state
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from xmppd.config.load import load
from xmppd.config.problems import ConfigError
from xmppd.net import tls_dev
from xmppd.node import ports
from xmppd.node.parent_state import Parent, certificates, data_words, development_certificate


def test_names_ports_and_places(tmp_path: Path) -> None:
    config = load(None, tmp_path, {}, {"workers": "2"})
    config = dataclasses.replace(config, listen=tuple(dataclasses.replace(li, port=0) for li in config.listen))
    bound = ports.bind_all(config.listen, 2)
    parent = Parent(config, None, {"workers": "2"}, bound, b"hush")
    assert parent.nodes == ("main", "w1", "w2")
    told = parent.describe()
    assert [listen["port"] for listen in told["listen"]] == parent.ports
    second = parent.start_of("w2")
    config, _ = second.config()
    assert [listen.port for listen in config.listen] == parent.ports
    names = [f"{li.module}:127.0.0.1:{port}" for li, port in zip(config.listen, parent.ports, strict=True)]
    assert second.fds == {name: sockets[1].fileno() for name, sockets in zip(names, bound, strict=True)}
    ports.close_all(bound)
    assert parent.describe()["listen"] == told["listen"], "asked while the server ends"
    assert told["data"] == str(tmp_path / "data/xmppd.sqlite3")
    assert told["config"] is None
    assert "hush" not in repr(parent)


def test_the_configuration_is_read_again_as_it_is_now(tmp_path: Path) -> None:
    parent = Parent(load(None, tmp_path, {}), None, {}, [])
    (tmp_path / "xmppd.toml").write_text("[registration]\nopen = true\n")
    assert parent.reread().registration.open
    (tmp_path / "xmppd.toml").write_text("[registration]\nopn = true\n")
    with pytest.raises(ConfigError):
        parent.reread()


def test_where_the_data_is(tmp_path: Path) -> None:
    assert "memory" in data_words(load(None, tmp_path, {}, {"store.backend": "memory"}))
    flags = {"store.backend": "postgres", "store.url": "postgresql://u:secret@h/d"}
    assert data_words(load(None, tmp_path, {}, flags)) == "PostgreSQL"


def test_which_certificate_each_host_shows(tmp_path: Path) -> None:
    (tmp_path / "a.pem").touch()
    (tmp_path / "xmppd.toml").write_text("hosts = ['a.x', 'b.x']\n[host.'a.x']\ncertificate = 'a.pem'\n")
    one, two = certificates(load(None, tmp_path, {}))
    assert one == f"a.x: {tmp_path / 'a.pem'}"
    assert "development" in two
    (tmp_path / "xmppd.toml").write_text("[[listen]]\ntls = 'off'\n")
    assert certificates(load(None, tmp_path, {})) == ["none: no listener has TLS"]


@pytest.mark.parametrize("host", ["localhost", "bücher.example", "[::1]"])
def test_the_development_certificate_is_where_net_makes_it(tmp_path: Path, host: str) -> None:
    config = load(None, tmp_path, {})
    assert development_certificate(config, host) == tls_dev.ensure(config.paths.certs, host)[0]


def test_lines_to_copy_reach_this_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XMPPD_COMMAND", "./xmppd")
    monkeypatch.setenv("XMPPD_HOME", str(tmp_path / "a b"))
    monkeypatch.setenv("XMPPD_CONFIG", "/etc/x.toml")
    config = dataclasses.replace(load(None, tmp_path / "a b", {}), listen=())

    def command(home: str, file: str | None) -> str:
        there = dataclasses.replace(config, paths=dataclasses.replace(config.paths, home=tmp_path / home))
        return str(Parent(there, file, {}, []).describe()["command"])

    assert command("a b", None) == command("a b", "/etc/x.toml") == "./xmppd"
    assert command("c d", None) == f"./xmppd --home '{tmp_path}/c d'"
    assert command("a b", "/x y") == "./xmppd --config '/x y'"
