"""test_base — who a client is, and whom it may act as."""

from __future__ import annotations

import pytest

from xmpp_core.sasl.base import NeedPasswordCheck, SaslError, account, check_authzid

HOST = "localhost"


def test_the_account_is_the_prepared_name() -> None:
    assert account("juliet", HOST) == account("Juliet", HOST) == "juliet"


@pytest.mark.parametrize("name", ["", "a@b", "a/b", "a b", "x" * 1100, "\0", "a@localhost/x"])
def test_what_is_no_account_is_not_authorized(name: str) -> None:
    with pytest.raises(SaslError) as refused:
        account(name, HOST)
    assert refused.value.condition == "not-authorized"


@pytest.mark.parametrize("authzid", ["", "juliet@localhost", "Juliet@LOCALHOST"])
def test_an_authzid_is_absent_or_the_own_bare_jid(authzid: str) -> None:
    check_authzid(authzid, "juliet", HOST)


@pytest.mark.parametrize("authzid", [
    "victim", "admin@localhost", "juliet", "juliet@localhost/balcony", "juliet@elsewhere.example", "localhost",
    "@", "a b",
])  # fmt: skip
def test_any_other_authzid_is_invalid(authzid: str) -> None:
    with pytest.raises(SaslError) as refused:
        check_authzid(authzid, "juliet", HOST)
    assert refused.value.condition == "invalid-authzid"


def test_a_password_is_not_written() -> None:
    assert "secret" not in repr(NeedPasswordCheck("juliet", "secret"))
