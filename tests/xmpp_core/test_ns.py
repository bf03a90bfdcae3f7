"""test_ns — namespace names are distinct and lawful to write.

RFC:  6120 §4.8
"""

from xmpp_core import ns


def test_names_are_distinct_and_need_no_escaping() -> None:
    names = {key: value for key, value in vars(ns).items() if key.isupper()}
    assert len(set(names.values())) == len(names)
    assert not any(set(value) & set("&<>'\" }") for value in names.values())


def test_those_of_the_core_protocol() -> None:
    assert ns.STREAM == "http://etherx.jabber.org/streams"
    assert ns.BIND == "urn:ietf:params:xml:ns:xmpp-bind"
    assert ns.ROSTER == "jabber:iq:roster"
