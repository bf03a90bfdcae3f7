"""test_services — services as they are configured, and credentials as a TURN server computes them.

Way:  xmppd.mods.extdisco.services
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.element import el
from xmppd.mods.extdisco.services import (
    MOST,
    ExternalService,
    changes,
    credentials,
    matches,
    of_type,
    parsed,
    service_element,
)

TURN = {"type": "turn", "host": "turn.example.org", "secret": "logen"}


def test_credentials_are_those_that_turn_servers_compute() -> None:
    """The password is HMAC-SHA1 of the name with the secret, in base64."""
    (one,) = parsed([TURN])
    granted = credentials(one, "romeo", 1433895918.9, 0)
    assert granted is not None
    assert granted.username == "1433895918:romeo"
    mac = hmac.new(b"logen", b"1433895918:romeo", hashlib.sha1).digest()
    assert granted.password == base64.b64encode(mac).decode()


@given(st.text(min_size=1), st.integers(0, 2**32), st.integers(60, 10**6))
def test_the_name_begins_with_the_time_until_which_it_is_good(user: str, now: int, seconds: int) -> None:
    granted = credentials(ExternalService("turn", "t", secret="s"), user, now, seconds)
    assert granted is not None
    assert granted.expires == now + seconds
    assert granted.username == f"{granted.expires}:{user}"


def test_fixed_credentials_and_none() -> None:
    ftp = ExternalService("ftp", "f", username="guest", password="open")
    granted = credentials(ftp, "romeo", 0, 60)
    assert granted is not None
    assert (granted.username, granted.password, granted.expires) == ("guest", "open", None)
    assert credentials(ExternalService("stun", "s"), "romeo", 0, 60) is None


def test_an_element_has_what_is_known_and_no_secret() -> None:
    (one,) = parsed([TURN | {"port": 443, "transport": "tcp", "name": "Calls"}])
    xml = service_element(one, credentials(one, "romeo", 0, 60)).to_xml("")
    assert "expires='1970-01-01T00:01:00Z'" in xml
    assert "logen" not in xml + repr(one)


@pytest.mark.parametrize(
    ("host", "shown"),
    [("turn.example.org", "turn.example.org"), ("[2001:DB8::1]", "2001:db8::1"), ("192.0.2.1", "192.0.2.1")],
)
def test_hosts_are_names_and_addresses_of_both_families(host: str, shown: str) -> None:
    assert parsed([{"type": "stun", "host": host}])[0].host == shown


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"type": "turn"}, '"host" is missing'),
        ({"host": "a"}, '"type" is missing'),
        (TURN | {"host": "a b"}, "no name of a host"),
        (TURN | {"type": "a b"}, "is no type"),
        (TURN | {"port": 0}, "port must be"),
        (TURN | {"port": True}, '"port" is of another type'),
        (TURN | {"secret": 7}, '"secret" is of another type'),
        (TURN | {"prot": 7}, 'no "prot" is known'),
        (TURN | {"username": "u", "password": "p"}, "either secret, or"),
        ({"type": "a", "host": "a", "username": "u"}, "go together"),
    ],
)
def test_what_is_wrong_is_said_without_secrets(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        parsed([table])
    assert "logen" not in str(error.value)


def test_there_are_so_many_and_no_more() -> None:
    assert len(parsed([TURN] * MOST)) == MOST
    with pytest.raises(ValueError, match="more than"):
        parsed([TURN] * (MOST + 1))


def test_a_request_names_host_and_type_and_perhaps_a_port() -> None:
    (one,) = parsed([TURN])
    assert matches(one, el("service", "", {"host": "TURN.example.org", "type": "turn"}))
    assert matches(one, el("service", "", {"host": "turn.example.org", "type": "turn", "port": "3478"}))
    assert not matches(one, el("service", "", {"host": "turn.example.org", "type": "turn", "port": "1"}))
    assert not matches(one, el("service", "", {"host": "turn.example.org"}))


def test_what_has_come_changed_and_gone() -> None:
    one, other = ExternalService("turn", "a", 1), ExternalService("turn", "b", 1)
    assert changes((one, other), (one, other)) == []
    assert changes((), (one,)) == [("add", one)]
    named = ExternalService("turn", "a", 1, name="A")
    assert changes((one, other), (named,)) == [("modify", named), ("delete", other)]
    assert of_type((one, ExternalService("stun", "a")), "turn") == (one,)
    assert service_element(named, None, "modify").get("action") == "modify"
