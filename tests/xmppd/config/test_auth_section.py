"""The keys of `[auth]`: what is refused, with words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.certificates import make
from xmppd.config.auth_section import AuthSection, account
from xmppd.config.load import load
from xmppd.config.problems import ConfigError


def read(tmp_path: Path, text: str) -> AuthSection:
    (tmp_path / "ca.pem").write_text(make("ca", authority=True).certificate, encoding="ascii")
    (tmp_path / "no.pem").write_text("nothing", encoding="ascii")
    file = tmp_path / "xmppd.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, tmp_path, {}).auth


def test_clients_show_no_certificate_unless_somebody_wants_it() -> None:
    assert AuthSection().client_ca == ""
    assert account("Juliet@LOCALHOST") == "juliet@localhost"


def test_certificates_of_clients(tmp_path: Path) -> None:
    text = "[auth]\nclient_ca = 'ca.pem'\nclient_names = 'common-name'\nclient_accounts = { 'A B' = 'a@localhost' }\n"
    assert read(tmp_path, text).client_accounts == {"A B": "a@localhost"}


@pytest.mark.parametrize(("text", "words"), [
    ("client_ca = 'gone.pem'", "gone.pem does not exist"), ("client_ca = 'no.pem'", "no.pem holds no certificate"),
    ("client_names = 'common-name'", "need client_ca"), ("client_accounts = { A = 'a@localhost' }", "need client_ca"),
    ("client_names = 'common_name'", 'did you mean "common-name"'),
    ("client_ca = 'ca.pem'\nclient_accounts = { A = 'localhost' }", "must be an account"),
    ("client_ca = 'ca.pem'\nclient_accounts = { A = 'a@other' }", "an account of no host here"),
    ("client_ca = 'ca.pem'\n[[listen]]\ntls = 'off'", "no listener for clients has TLS"),
])  # fmt: skip
def test_what_is_wrong_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, f"[auth]\n{text}\n")


def test_a_service_that_knows_passwords(tmp_path: Path) -> None:
    found = read(tmp_path, "[auth]\nhttp = { localhost = 'https://id.example/x' }\nhttp_secret = 'a.b'\n")
    assert (found.http, found.http_seconds) == ({"localhost": "https://id.example/x"}, 5.0)
    assert read(tmp_path, "[auth]\nhttp = { localhost = 'http://127.0.0.1:8080' }\nhttp_ca = 'ca.pem'").http


@pytest.mark.parametrize(("text", "words"), [
    ("http = { localhost = 'http://id.example/x' }", "must begin with https"),
    ("http = { localhost = 'ftp://id.example/x' }", "must be a URL"),
    ("http = { localhost = 'https://' }", "must be a URL"),
    ("http = { localhost = 'https://u:p@id.example' }", "must be a URL"),
    ("http = { localhost = 'https://id.example:99999' }", "must be a URL"),
    ("http = { local = 'https://id.example/x' }", r'"local" is not in hosts \(did you mean "localhost"'),
    ("http = { localhost = 'https://id.example' }\nhttp_ca = 'gone.pem'", "gone.pem does not exist"),
    ("http = { localhost = 'https://id.example' }\nhttp_secret = 'a b'", "must be of letters"),
    ("http = { localhost = 'https://id.example' }\nhttp_seconds = 90", "seconds, 0.1 to 30"),
    ("http_secret = 'a'", "and there is none"),
    ("http = { localhost = 'https://id.example' }\n[[listen]]\ntls = 'off'", "so none takes a password"),
    ("http = { localhost = 'https://id.example' }\n[modules]\nmod_anonymous = true", "is for guests"),
])  # fmt: skip
def test_what_is_wrong_with_a_service_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, f"[auth]\n{text}\n")


@pytest.mark.parametrize(("text", "words"), [
    ("oauth = { local = 'https://id.example/x' }", r'"local" is not in hosts'),
    ("oauth = { localhost = 'http://id.example/x' }", "must begin with https"),
    ("oauth_scope = 'xmpp'", "oauth_scope is for the service in oauth"),
    ("oauth = { localhost = 'https://id.example' }\noauth_client = 'a'", "oauth_client needs oauth_secret"),
    ("oauth = { localhost = 'https://id.example' }\n[[listen]]\ntls = 'off'", "so none takes a password or a token"),
    ("http_ca = 'ca.pem'", "http_ca is for a service in http or oauth"),
])  # fmt: skip
def test_what_is_wrong_with_tokens_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, f"[auth]\n{text}\n")


DIRECTORY = "ldap = { localhost = 'ldaps://id.example' }\n"


def test_a_directory_that_knows_passwords(tmp_path: Path) -> None:
    found = read(tmp_path, f"[auth]\n{DIRECTORY}ldap_base = 'ou=people,o={{host}}'\nldap_ca = 'ca.pem'\n")
    assert (found.ldap, found.ldap_filter, found.ldap_starttls) == (
        {"localhost": "ldaps://id.example"}, "(uid={user})", True
    )  # fmt: skip
    assert found.elsewhere == ("localhost",)
    by_name = "ldap = { localhost = 'ldap://[::1]:3890' }\nldap_starttls = false\nldap_user_dn = '{user}@{host}'"
    assert read(tmp_path, f"[auth]\n{by_name}\n").ldap_user_dn == "{user}@{host}"
    searched = f"{DIRECTORY}ldap_base = 'o=x'\nldap_bind_dn = 'cn=x'\nldap_password = 's3cret'\n"
    assert "s3cret" not in repr(read(tmp_path, f"[auth]\n{searched}"))
    one = "ldap_host_bind_dn = { localhost = 'cn=y' }\nldap_host_password = { localhost = 'an0ther' }\n"
    found = read(tmp_path, f"[auth]\n{searched}{one}")
    assert (found.searcher_of("localhost"), found.searcher_of("other")) == (("cn=y", "an0ther"), ("cn=x", "s3cret"))
    assert "an0ther" not in repr(found)


@pytest.mark.parametrize(("text", "words"), [
    ("ldap = { localhost = 'https://id.example' }", "must be a URL, ldaps://HOST"),
    ("ldap = { localhost = 'ldaps://' }", "must be a URL"),
    ("ldap = { localhost = 'ldaps://id.example/o=x??sub' }", "must be a URL"),
    ("ldap = { localhost = 'ldaps://cn=x@id.example' }", "must be a URL"),
    ("ldap = { localhost = 'ldap://id.example:99999' }", "must be a URL"),
    ("ldap = { local = 'ldaps://id.example' }\nldap_base = 'o=x'", r'"local" is not in hosts'),
    (DIRECTORY, "say which"),
    (f"{DIRECTORY}ldap_base = 'o=x'\nldap_user_dn = 'uid={{user}}'", "nobody is searched for"),
    (f"{DIRECTORY}ldap_user_dn = 'uid=juliet'", "must have {user} in it"),
    (f"{DIRECTORY}ldap_user_dn = 'uid={{user}},o={{domain}}'", "no other braces"),
    (f"{DIRECTORY}ldap_base = 'o=x'\nldap_filter = '(uid=*)'", "must have {user} in it"),
    (f"{DIRECTORY}ldap_base = 'o=x'\nldap_filter = 'uid={{user}}'", "must be a filter of RFC 4515"),
    (f"{DIRECTORY}ldap_base = 'o=x'\nldap_filter = '(&(a=b)(uid={{user}})'", "must be a filter of RFC 4515"),
    (f"{DIRECTORY}ldap_base = 'o=x'\nldap_bind_dn = 'cn=x'", "go together"),
    (f"{DIRECTORY}ldap_base = 'o=x'\nldap_password = 'x'", "go together"),
    (f"{DIRECTORY}ldap_base = 'o=x'\nldap_host_bind_dn = {{ localhost = 'cn=y' }}", "needs both"),
    (f"{DIRECTORY}ldap_base = 'o=x'\nldap_host_password = {{ other = 'x' }}", '"other" has no directory'),
    (f"{DIRECTORY}ldap_base = 'o=x'\nldap_ca = 'no.pem'", "no.pem holds no certificate"),
    ("ldap = { localhost = 'ldap://id.example' }\nldap_base = 'o=x'\nldap_starttls = false", "which needs TLS"),
    (f"{DIRECTORY}ldap_base = 'o=x'\nhttp = {{ localhost = 'https://id.example' }}", "in http already"),
    (f"{DIRECTORY}ldap_base = 'o=x'\n[[listen]]\ntls = 'off'", "so none takes a password"),
    (f"{DIRECTORY}ldap_base = 'o=x'\n[modules]\nmod_anonymous = true", "is for guests"),
    ("ldap_base = 'o=x'", "ldap_base is for the directory in ldap"),
    ("ldap_password = 'x'", "ldap_password is for the directory in ldap"),
])  # fmt: skip
def test_what_is_wrong_with_a_directory_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, f"[auth]\n{text}\n")


KEYS = "oauth_keys = { localhost = 'https://id.example/jwks' }\n"


def test_tokens_that_are_checked_here(tmp_path: Path) -> None:
    found = read(tmp_path, f"[auth]\n{KEYS}oauth_issuer = 'https://id.example'\noauth_audience = 'xmpp'\n")
    assert found.with_tokens == ("localhost",)
    assert not [name for name in found.oauth_algorithms if name.startswith(("HS", "none"))]


@pytest.mark.parametrize(("text", "words"), [
    (f"{KEYS}oauth_audience = 'xmpp'", "oauth_keys needs oauth_issuer"),
    (f"{KEYS}oauth_issuer = 'https://id.example'", "oauth_keys needs oauth_audience"),
    ("oauth_issuer = 'https://id.example'", "oauth_issuer is for the keys in oauth_keys"),
    (f"{KEYS}oauth_algorithms = ['HS256']", "oauth_algorithms must be"),
    (f"{KEYS}oauth_algorithms = ['none']", "oauth_algorithms must be"),
    (f"{KEYS}oauth_algorithms = []", "must name at least 1"),
    ("oauth_keys = { localhost = 'http://id.example' }", "must begin with https"),
    ("oauth_keys = { local = 'https://id.example' }", r'"local" is not in hosts'),
])  # fmt: skip
def test_what_is_wrong_with_signed_tokens_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(tmp_path, f"[auth]\n{text}\n")
