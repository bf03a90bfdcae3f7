"""test_refusals — the errors of XEP-0050 §4.4.

Way:  xmppd.mods.adhoc.refusals
"""

from __future__ import annotations

import pytest

from xmpp_core import ns
from xmppd.mods.adhoc.refusals import refused


@pytest.mark.parametrize(
    ("condition", "general", "type_"),
    [
        ("malformed-action", "bad-request", "modify"),
        ("bad-sessionid", "bad-request", "modify"),
        ("session-expired", "not-allowed", "cancel"),
    ],
)
def test_each_has_its_general_condition(condition: str, general: str, type_: str) -> None:
    error = refused(condition, "words")
    assert (error.condition, error.type_, error.text) == (general, type_, "words")
    assert error.app is not None
    assert (error.app.ns, error.app.name) == (ns.COMMANDS, condition)
