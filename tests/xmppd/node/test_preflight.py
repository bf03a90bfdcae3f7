"""test_preflight — what a start would find out, found before it.

Way:  xmppd.node.preflight
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.booted import free_ports
from tests.support.certificates import encrypted, make
from xmppd.config.load import load
from xmppd.config.schema import Config
from xmppd.net import tls_dev
from xmppd.node import preflight


def config(home: Path, text: str) -> Config:
    file = home / "xmppd.toml"
    file.write_text(text)
    return load(file, home, {})


def told(home: Path, chain: str, key: str, host: str = "a.example") -> list[preflight.Finding]:
    (home / "chain.pem").write_text(chain)
    (home / "key.pem").write_text(key)
    return preflight.certificates(
        config(home, f'hosts = ["{host}"]\n[tls]\ncertificate = "chain.pem"\nkey = "key.pem"\n')
    )


def test_a_good_one_and_none_say_nothing(tmp_path: Path) -> None:
    ca = make("ca.example")
    made = make("a.example", by=ca)
    assert told(tmp_path, made.certificate + ca.certificate, made.key) == []
    assert preflight.certificates(load(None, tmp_path / "x", {})) == []


_CA = make("ca.example")
_OWN = make("a.example", by=_CA)
_OTHER = make("other.example")


@pytest.mark.parametrize(
    ("chain", "key", "words"),
    [
        ("garbage\n", _OWN.key, "chain.pem holds no certificate"),
        ("", _OWN.key, "chain.pem holds no certificate"),
        (_OWN.certificate[:200], _OWN.key, "ends in the middle"),
        (_OWN.certificate.replace("M", "A"), _OWN.key, "holds a damaged certificate"),
        (_OWN.certificate, _OTHER.key, "key.pem does not belong to "),
        (_OWN.certificate, "garbage", "key.pem holds no private key"),
        (_OWN.certificate, encrypted(_OWN), "key.pem is encrypted"),
        (_CA.certificate + _OWN.certificate, _OWN.key, "wrong order"),
    ],
)
def test_what_would_fail_the_start_is_an_error_with_its_line(tmp_path: Path, chain: str, key: str, words: str) -> None:
    (found,) = told(tmp_path, chain, key)
    assert words in found.text
    assert found.place == f"{tmp_path}/xmppd.toml:3"
    assert found.status == 78


@pytest.mark.parametrize(
    ("chain", "key", "words"),
    [
        (_OTHER.certificate, _OTHER.key, "is for other.example, not for a.example"),
        (_OWN.certificate + _OTHER.certificate, _OWN.key, "do not follow each other"),
    ],
)
def test_what_clients_refuse_is_a_serious_warning(tmp_path: Path, chain: str, key: str, words: str) -> None:
    (found,) = told(tmp_path, chain, key)
    assert words in found.text
    assert (found.status, found.serious) == (0, True)


@pytest.mark.parametrize(
    ("begins", "ends", "words", "serious"),
    [
        (-20, -1, "has expired", True),
        (1, 30, "is not valid before", True),
        (-1, 13.5, "expires in 13 days", False),
        (-1, 0.5, "expires in 0 days", False),
    ],
)
def test_dates(tmp_path: Path, begins: float, ends: float, words: str, serious: bool) -> None:
    made = make("a.example", begins=begins, ends=ends)
    (found,) = told(tmp_path, made.certificate, made.key)
    assert words in found.text
    assert (found.status, found.serious) == (0, serious)


def test_a_warning_comes_fourteen_days_before(tmp_path: Path) -> None:
    made = make("a.example", ends=100)
    told(tmp_path, made.certificate, made.key)
    loaded = load(tmp_path / "xmppd.toml", tmp_path, {})
    days = [86, 87]
    found = [preflight.certificates(loaded, datetime.now(UTC) + timedelta(days=day - 0.5)) for day in days]
    assert [len(one) for one in found] == [0, 1]


def test_each_file_once_each_host_by_itself(tmp_path: Path) -> None:
    made = make("a.example", ends=3)
    (tmp_path / "a.pem").write_text(made.certificate + made.key)
    text = 'hosts = ["a.example", "b.example", "c.example"]\n[tls]\ncertificate = "a.pem"\n'
    found = preflight.certificates(config(tmp_path, text + '[host."c.example"]\ncertificate = "a.pem"\n'))
    assert [("expires" in one.text, one.text.partition("not for ")[2]) for one in found] == [
        (True, ""), (False, "b.example: clients refuse it"), (False, "c.example: clients refuse it"),
    ]  # fmt: skip


def test_a_development_certificate_that_was_damaged(tmp_path: Path) -> None:
    pem, _ = tls_dev.ensure(tmp_path / "certs", "localhost")
    assert preflight.certificates(load(None, tmp_path, {})) == []
    pem.write_text("nothing")
    (found,) = preflight.certificates(load(None, tmp_path, {}))
    assert str(pem) in found.text


def test_addresses(tmp_path: Path) -> None:
    listens = "".join(f'[[listen]]\nip = "{ip}"\nport = 0\n' for ip in ("127.0.0.1", "*", "192.0.2.1", "2001:db8::1"))
    found = preflight.addresses(config(tmp_path, listens))
    assert [(one.place, one.status) for one in found] == [
        (f"{tmp_path}/xmppd.toml:8", 78), (f"{tmp_path}/xmppd.toml:11", 78),
    ]  # fmt: skip
    assert "no address 192.0.2.1" in found[0].text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("good.db", ""),
        ("empty.db", ""),
        ("not/yet/there.db", ""),
        ("noise.db", "is no SQLite database"),
        ("folder.d", "Is a directory"),
        ("noise.db/x/y.db", "cannot be made: "),
        ("/proc/none/x.db", "cannot be made: "),
    ],
)
def test_database_files(tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "good.db").write_bytes(b"SQLite format 3\0" + bytes(84))
    (tmp_path / "empty.db").touch()
    (tmp_path / "noise.db").write_bytes(os.urandom(4096))
    (tmp_path / "folder.d").mkdir()
    if path.startswith("/proc") and os.getuid() == 0:
        path = "noise.db/none/x.db"  # nothing is forbidden to root
    found = preflight.store(config(tmp_path, f'[store]\npath = "{path}"\n'))
    assert [(one.place, one.status) for one in found] == ([(f"{tmp_path}/xmppd.toml:2", 78)] if words else [])
    assert all(words in one.text for one in found)
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("postgresql://u@127.0.0.1:{port}/d", 75, "does not answer"),
        ("postgresql://u@/d?host=/none", 75, "does not answer"),
        ("nonsense://x", 78, "cannot be used"),
    ],
)
def test_postgresql_that_does_not_answer(tmp_path: Path, url: str, status: int, words: str) -> None:
    (port,) = free_ports(1)
    (found,) = preflight.store(config(tmp_path, f'[store]\nbackend = "postgres"\nurl = "{url.format(port=port)}"\n'))
    assert (found.status, found.place) == (status, f"{tmp_path}/xmppd.toml:3")
    assert words in found.text
