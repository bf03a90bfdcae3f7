"""pep_client — clients of the in-process server as tests of publish-subscribe need them: contacts, capabilities."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from xmpp_core import caps, ns
from xmpp_core.element import Element, el

_IDS = count(1)
NODE = "https://client.example"


def disco(*nodes: str) -> Element:
    """The disco#info of a client that wants to be told of these nodes."""
    identity = el("identity", ns.DISCO_INFO, {"category": "client", "type": "pc", "name": "A client"})
    names = sorted([ns.CAPS, *[f"{node}+notify" for node in nodes]])
    return el("query", ns.DISCO_INFO, None, identity, *[el("feature", ns.DISCO_INFO, {"var": name}) for name in names])


def presence(*nodes: str) -> str:
    """Available presence with the hash of these capabilities."""
    ver = caps.ver(disco(*nodes))
    return f"<presence><c xmlns='{ns.CAPS}' hash='sha-1' node='{NODE}' ver='{ver}'/></presence>"


def answer(client: Any, *nodes: str) -> bool:
    """Answers the server's question for these capabilities, if it has come."""
    ver = caps.ver(disco(*nodes))
    found = re.search(rf"<iq [^>]*id='([^']+)'[^>]*><query [^>]*node='({NODE}#{re.escape(ver)})'/></iq>", client.seen)
    if found is None:
        return False
    query = disco(*nodes).with_attrs(node=found.group(2)).to_xml("")
    client.send(f"<iq type='result' to='localhost' id='{found.group(1)}'>{query}</iq>")
    return True


def come(server: Any, client: Any, *nodes: str) -> None:
    """The client is there; the server knows what it wants to be told of."""
    client.send(presence(*nodes))
    server.settle()
    answer(client, *nodes)
    server.settle()


def befriend(server: Any, one: Any, other: Any) -> None:
    """Each sees the other's presence."""
    a, b = one.jid.partition("/")[0], other.jid.partition("/")[0]
    for client, to in ((one, b), (other, a)):
        client.send(f"<presence to='{to}' type='subscribe'/>")
        server.settle()
    for client, to in ((one, b), (other, a)):
        client.send(f"<presence to='{to}' type='subscribed'/>")
        server.settle()


def iq(client: Any, kind: str, inner: str, to: str = "", space: str = ns.PUBSUB) -> Element:
    """Asks, and returns the answer."""
    address = f" to='{to}'" if to else ""
    found: Element = client.ask(
        f"<iq type='{kind}' id='q{next(_IDS)}'{address}><pubsub xmlns='{space}'>{inner}</pubsub></iq>"
    )
    return found


def error(answer: Element) -> tuple[str, str]:
    """(condition, pubsub-specific condition) of an error."""
    found = answer.child("error")
    assert found is not None, answer.to_xml()
    names = [child.name for child in found.elements() if child.ns == ns.STANZAS and child.name != "text"]
    more = [child.name for child in found.elements() if child.ns == ns.PUBSUB_ERRORS]
    return names[0], more[0] if more else ""


def publish(
    client: Any, node: str, payload: str = "<x xmlns='urn:x'/>", id_: str = "", to: str = "", **options: str
) -> Element:
    """Publishes, with options by the names of the fields."""
    form = ""
    if options:
        fields = "".join(f"<field var='pubsub#{k}'><value>{v}</value></field>" for k, v in options.items())
        form = (
            "<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
            f"<value>{ns.PUBSUB}#publish-options</value></field>{fields}</x></publish-options>"
        )
    mark = f" id='{id_}'" if id_ else ""
    return iq(client, "set", f"<publish node='{node}'><item{mark}>{payload}</item></publish>{form}", to)


def items(client: Any, node: str, to: str = "", more: str = "", after: str = "") -> list[str]:
    """The ids of a node's items, as they are answered."""
    found = iq(client, "get", f"<items node='{node}'{more}/>{after}", to)
    assert found.get("type") == "result", found.to_xml()
    pubsub = found.child("pubsub", ns.PUBSUB)
    assert pubsub is not None
    shown = pubsub.child("items", ns.PUBSUB)
    assert shown is not None
    return [item.get("id") or "" for item in shown.elements("item", ns.PUBSUB)]


def events(server: Any, client: Any) -> list[str]:
    """All events that the client has got so far, as text."""
    server.settle()
    whole = re.findall(r"<message [^>]*>.*?</message>", client.seen, re.DOTALL)
    return [text for text in whole if ns.PUBSUB_EVENT in text]
