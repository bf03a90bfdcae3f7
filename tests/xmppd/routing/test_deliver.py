"""Messages to a c2s are values."""

import dataclasses

import pytest

from xmpp_core.stanza import make_message
from xmppd.routing import deliver
from xmppd.routing.deliver import Deliver, Kick


def test_they_compare_by_what_they_say_and_do_not_change() -> None:
    assert Deliver(make_message(None, "x")) == Deliver(make_message(None, "x"))
    assert Kick() == Kick("policy-violation", "has been kicked"), "the words of the seed's server"
    assert deliver.Replaced() == deliver.Replaced() != deliver.Shutdown()
    with pytest.raises(dataclasses.FrozenInstanceError):
        Kick().text = "x"  # type: ignore[misc]
