"""test_passwords — what passwords are given, and which are refused.

Way:  xmppd.admin.passwords
"""

from __future__ import annotations

import pytest

from xmppd.admin import passwords
from xmppd.commands import CommandError


def test_passwords_are_long_and_never_the_same() -> None:
    made = {passwords.new_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(word) == 20 and set(word) <= {*passwords.ALPHABET, "-"} for word in made)
    assert all(passwords.checked(word) == {} for word in made)


def test_what_is_empty_is_refused_and_what_is_short_is_told() -> None:
    with pytest.raises(CommandError, match="empty") as caught:
        passwords.checked(" \t")
    assert caught.value.status == 2
    assert "7 of 8" in passwords.checked("abcdefg")["warning"]
    assert passwords.checked("abcdefgh") == {}
