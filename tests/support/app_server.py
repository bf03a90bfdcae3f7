"""app_server — an app server of XEP-0357 in the in-process server: a component that gets notifications, and answers.

with serve_in_thread(components={PUSH: "s"}) as server:
    app = AppServer(server)
    enable(client)
    assert app.notified() == [1]
"""

from __future__ import annotations

import re
from typing import Any

from xmpp_core import ns
from xmpp_core.element import Element

PUSH = "push.test"
FORM = (
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
    "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
    "<field var='secret'><value>eruio234vzxc2kla-91</value></field></x>"
)
NOT_FOUND = f"<error type='cancel'><item-not-found xmlns='{ns.STANZAS}'/></error>"
LATER = f"<error type='wait'><resource-constraint xmlns='{ns.STANZAS}'/></error>"


class AppServer:
    """A component on a server of testing.thread; it answers each notification with `answer`, "" for a result."""

    def __init__(self, server: Any, domain: str = PUSH, answer: str = "") -> None:
        self.server, self.answer = server, answer
        self.link = server.component(domain)
        self.requests: list[str] = []

    def notified(self) -> list[int]:
        """The counts in all notifications that have come since this was asked last; they are answered."""
        found = self.come()
        return [int(re.findall("var='message-count'><value>([0-9]+)<", text)[0]) for text in found]

    def come(self) -> list[str]:
        """Them, as they were written."""
        self.server.settle()
        whole = re.findall(r"<iq [^>]*>.*?</iq>", self.link.seen, re.DOTALL)
        fresh = [text for text in whole if text not in self.requests]
        for text in fresh:
            self.requests.append(text)
            id_ = re.findall(r" id='([^']+)'", text)[0]
            to = re.findall(r" from='([^']+)'", text)[0]
            kind = "error" if self.answer else "result"
            self.link.send(f"<iq type='{kind}' id='{id_}' from='{self.link.jid}' to='{to}'>{self.answer}</iq>")
        self.server.settle()
        return fresh


def enable(client: Any, node: str = "n1", service: str = PUSH, form: str = FORM, to: str = "") -> Element:
    """The client wants to be woken; the answer."""
    asked = f"<enable xmlns='{ns.PUSH}' jid='{service}' node='{node}'>{form}</enable>"
    found: Element = client.ask(f"<iq type='set' id='en{node}'{to}>{asked}</iq>")
    return found


def disable(client: Any, node: str = "", service: str = PUSH) -> Element:
    """It does not any more."""
    which = f" node='{node}'" if node else ""
    found: Element = client.ask(f"<iq type='set' id='dis'><disable xmlns='{ns.PUSH}' jid='{service}'{which}/></iq>")
    return found
