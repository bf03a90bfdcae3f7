"""test_ldap_names — names and filters of a directory: nothing that stands in an account's name changes what is asked.

The readers are other people's: sansldap reads the filters, cryptography the distinguished names.
"""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from sansldap import FilterAnd, FilterEquality, LDAPFilter

from xmppd.auth.ldap_names import LdapDirectory, base_of, filter_of, in_dn, in_filter, name_of

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)
HARD = st.text(st.sampled_from(list('\\*()&|!=,+;"<># a\0é')), min_size=1, max_size=12)


@given(TEXT | HARD)
def test_a_value_in_a_filter_is_that_value(value: str) -> None:
    directory = LdapDirectory("ldaps://a", filter="(&(objectClass=person)(uid={user}))")
    found = LDAPFilter.from_string(filter_of(directory, value, "localhost"))
    assert isinstance(found, FilterAnd)
    assert found.filters == [FilterEquality("objectClass", b"person"), FilterEquality("uid", value.encode())]


@given((TEXT | HARD).filter(lambda text: len(text.encode()) <= 64 and "\0" not in text))
def test_a_value_in_a_name_is_that_value(value: str) -> None:
    name = name_of(LdapDirectory("ldaps://a", user_dn="CN={user},O=people"), value, "localhost")
    assert name is not None
    parts = list(x509.Name.from_rfc4514_string(name))
    assert [(part.oid, part.value) for part in parts] == [
        (NameOID.ORGANIZATION_NAME, "people"), (NameOID.COMMON_NAME, value)
    ]  # fmt: skip


def test_the_examples_of_the_rfcs() -> None:
    assert in_filter("Parens R Us (for all your parenthetical needs)") == (
        "Parens R Us \\28for all your parenthetical needs\\29"
    )  # 4515 §4
    assert in_filter("C:\\MyFile") == "C:\\5cMyFile"
    assert in_filter("*\0") == "\\2a\\00"
    assert in_dn('James "Jim" Smith, III') == 'James \\"Jim\\" Smith\\, III'  # 4514 §4
    assert in_dn("#a ") == "\\#a\\ "
    assert in_dn(" ") == "\\ "
    assert in_dn("\0") == "\\00"


def test_a_name_that_is_no_dn_never_becomes_one() -> None:
    directory = LdapDirectory("ldaps://a", user_dn="{user}@{host}")
    assert name_of(directory, "juliet", "example.org") == "juliet@example.org"
    assert name_of(directory, "cn=root,dc=example", "example.org") is None


def test_what_holes_bring_has_none() -> None:
    directory = LdapDirectory("ldaps://a", base="ou={host}", filter="(uid={user})")
    assert filter_of(directory, "{host}", "x") == "(uid={host})"
    assert base_of(directory, "a", "b,c") == "ou=b\\,c"


@pytest.mark.parametrize(("url", "address", "direct"), [
    ("ldaps://a.example", ("a.example", 636), True), ("ldap://a.example", ("a.example", 389), False),
    ("ldap://[::1]:3890", ("::1", 3890), False),
])  # fmt: skip
def test_where_it_is(url: str, address: tuple[str, int], direct: bool) -> None:
    assert (LdapDirectory(url).address, LdapDirectory(url).direct_tls) == (address, direct)


def test_its_password_is_not_shown() -> None:
    assert "s3cret" not in repr(LdapDirectory("ldaps://a", password="s3cret"))
