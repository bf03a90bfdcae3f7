"""test_certified — whose a certificate is: its XMPP addresses, else its common names where that is configured."""

from __future__ import annotations

import pytest

from xmppd.auth.certified import identities

ACCOUNTS = {"Juliet Capulet": "juliet@capulet.example"}
HOST = "capulet.example"


@pytest.mark.parametrize(("addresses", "found"), [
    (["Juliet@Capulet.Example"], ("juliet",)),
    (["juliet@capulet.example", "nurse@capulet.example", "juliet@montague.example"], ("juliet", "nurse")),
    (["juliet@montague.example"], ()), (["capulet.example"], ()), (["juliet@capulet.example/balcony"], ()),
    (["juliet@capulet.example\0@montague.example", "@@"], ()),
])  # fmt: skip
def test_addresses_of_the_host(addresses: list[str], found: tuple[str, ...]) -> None:
    assert identities(addresses, ["Juliet Capulet", "nurse"], HOST, accounts=ACCOUNTS, by_common_name=True) == found


@pytest.mark.parametrize(("names", "by_name", "found"), [
    (["Juliet Capulet"], False, ("juliet",)), (["nurse"], False, ()), (["nurse"], True, ("nurse",)),
    (["nurse@capulet.example"], True, ("nurse",)), (["nurse@montague.example"], True, ()), (["A B"], True, ()),
    (["nurse/x"], True, ()), ([], True, ()), (["Juliet Capulet", "nurse"], True, ("juliet", "nurse")),
])  # fmt: skip
def test_common_names_where_there_is_no_address(names: list[str], by_name: bool, found: tuple[str, ...]) -> None:
    assert identities((), names, HOST, accounts=ACCOUNTS, by_common_name=by_name) == found


def test_an_account_of_another_host_is_of_that_host() -> None:
    assert identities((), ["Juliet Capulet"], "montague.example", accounts=ACCOUNTS, by_common_name=True) == ()
