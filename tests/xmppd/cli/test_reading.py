"""test_reading — the configuration for a verb: what is wrong decides the status.

Way:  xmppd.cli.reading
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import schemas
from tests.support.booted import free_ports
from tests.support.certificates import make
from xmppd.cli import reading
from xmppd.commands import CommandError
from xmppd.store.backend import StoreConfig
from xmppd.store.store import open_backend


def refused(home: Path, text: str, strict: bool = False) -> CommandError:
    file = home / "xmppd.toml"
    file.write_text(text)
    with pytest.raises(CommandError) as caught:
        reading.checked(None, home, {}, strict)
    return caught.value


def test_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        '[[listen]]\nip = "192.0.2.1"\n[store]\npath = "xmppd.toml"\n[modules]\n"acme.mod_echo" = {}\n'
        "mod_offline = { most = 3 }\n[tls]\ncertificate = 'xmppd.toml'\n",
    )
    assert error.status == 78
    lines = str(error).splitlines()
    assert [line.partition(": ")[0] for line in lines[:-1]] == [f"{tmp_path}/xmppd.toml:7"]
    error = refused(tmp_path, Path(tmp_path / "xmppd.toml").read_text().replace("mod_offline = { most = 3 }\n", ""))
    lines = str(error).splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        f"{tmp_path}/xmppd.toml:{number}" for number in (6, 8, 2, 4)
    ] + ["4 errors"]
    assert "pip install acme" in lines[0]


def test_what_may_pass_by_itself_is_status_75_unless_more_is_wrong(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    text = f'[store]\nbackend = "postgres"\nurl = "postgresql://u@127.0.0.1:{port}/d"\n'
    assert refused(tmp_path, text).status == 75
    assert refused(tmp_path, text + '[[listen]]\nip = "192.0.2.1"\n').status == 78


def test_warnings_are_errors_where_that_is_asked_for(tmp_path: Path) -> None:
    made = make("other.example")
    (tmp_path / "o.pem").write_text(made.certificate + made.key)
    text = '[tls]\ncertificate = "o.pem"\n'
    assert refused(tmp_path, text, strict=True).status == 78
    (warning,) = reading.checked(None, tmp_path, {}).warnings
    assert "is for other.example, not for localhost" in warning


def test_the_database_of_a_newer_server_is_status_78(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    open_backend(StoreConfig("sqlite", str(path)), schemas.ALL).close()
    text = f'[store]\npath = "{path}"\n'
    (tmp_path / "xmppd.toml").write_text(text)
    reading.checked(None, tmp_path, {})
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("UPDATE module_schema SET version = 99 WHERE module = 'mod_roster'")
        conn.commit()
    error = refused(tmp_path, text)
    assert error.status == 78
    assert "step 99 of mod_roster" in str(error)
