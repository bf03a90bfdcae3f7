"""Tables of publish-subscribe."""

from xmppd.pubsub import tables


def test_what_an_account_has_goes_with_it() -> None:
    assert set(tables.SCHEMA.account_tables()) == set(tables.SCHEMA.shapes()) - {"caps_notify"}
