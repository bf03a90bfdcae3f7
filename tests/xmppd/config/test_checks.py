"""test_checks — contradictions between keys.

Way:  xmppd.config.checks
"""

from __future__ import annotations

from pathlib import Path

import pytest

from xmppd.config.load import load
from xmppd.config.problems import ConfigError


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "[[listen]]\n[[listen]]\nport = 5222",
            "xmppd.toml:3: port 5222 of 127.0.0.1 is taken by an earlier",
        ),
        ("[[listen]]\n[[listen]]\nip = '*'", "port 5222 of * is taken"),
        ("[[listen]]\nmodule = 'component'", "xmppd.toml:1: a component listener needs secrets"),
        ("[[listen]]\nsecrets = { 'a' = 'b' }", "secrets belong to a component"),
        ("[[listen]]\n[[listen]]\nmodule = 'http'\ntls = 'required'", "HTTP knows no STARTTLS"),
        ("[[listen]]\nmonitors = ['10.0.0.0/8']", "monitors belong to an http listener"),
        ("[[listen]]\n[[listen]]\nmodule = 'http'\nmonitors = ['here']", "must be a network such as 10.0.0.0/8"),
        ("[[listen]]\nmodule = 'http'", "nobody could connect"),
        ("[[listen]]\nmodule = 'component'\nplain_without_tls = true", "plain_without_tls belongs to a c2s"),
        (
            "[[listen]]\nmodule = 'component'\ntls = 'required'\nsecrets = { a = 'b' }",
            "XEP-0114 knows no STARTTLS",
        ),
        (
            "[[listen]]\nmodule = 'component'\nsecrets = { localhost = 'b' }",
            "localhost is a host of this server",
        ),
        ("listen = []", "nobody could connect"),
        ("hosts = ['one.x']\n[host.'on.x']", '"on.x" is not in hosts (did you mean "one.x"?)'),
        ("hosts = ['one.x']\nadmins = ['a@on.x']", '"a@on.x" is an account of no host here (did you mean "one.x"?)'),
        ("[store]\nbackend = 'postgres'", 'backend "postgres" needs store.url'),
        ("workers = 2\n[store]\nbackend = 'memory'", "workers must be 1"),
        ("[node]\nalarm_seconds = 9\nrestart_seconds = 9", "restart_seconds must be more than alarm_seconds"),
        ("[node]\nprofile = 'developement'", 'did you mean "development"'),
        ("[tls]\nkey = 'k.pem'", "a key without a certificate"),
        ("[tls]\ncertificate = 'none.pem'", "none.pem does not exist"),
        ("[host.localhost]\ncertificate = 'none.pem'", "xmppd.toml:2: "),
    ],
)
def test_contradiction(tmp_path: Path, text: str, error: str) -> None:
    (tmp_path / "xmppd.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(None, tmp_path, {})
    assert error in str(caught.value)


def test_a_certificate_is_found_below_the_home(tmp_path: Path) -> None:
    (tmp_path / "a.pem").touch()
    (tmp_path / "b.pem").touch()
    text = "hosts = ['a.x', 'b.x']\n[tls]\ncertificate = 'a.pem'\n[host.'b.x']\ncertificate = 'b.pem'"
    (tmp_path / "xmppd.toml").write_text(text, encoding="utf-8")
    config = load(None, tmp_path, {})
    assert config.certificate_of("a.x") == (tmp_path / "a.pem", tmp_path / "a.pem")
    assert config.certificate_of("b.x") == (tmp_path / "b.pem", tmp_path / "b.pem")
