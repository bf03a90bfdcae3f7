"""Exercise 10: a module for the server that rolls dice. Run `make exercise 10`.

A client that sends

    <iq type='get' to='localhost'><dice xmlns='urn:example:dice' sides='6'/></iq>

gets a result with `<dice xmlns='urn:example:dice' sides='6'>4</dice>`, the number by chance, 1 to 6.

- Without `sides` it is a die of as many sides as the option `sides` of the module says; 6 if nobody set it.
- `sides` must be a whole number of 2 to 1000. Else the client gets the error "bad-request", and its session goes on.
- A request of type 'set' gets the error "not-allowed".

A module is one file: what it declares with @iq_handler, the server registers. docs/modules.md has a whole one.

    iq.payload.get("sides")                         an attribute, or None
    el(name, namespace, attributes, text)           an element
    raise StanzaError("bad-request", "why")         an error, from xmpp_core.errors

As it stands it answers every request with a 4.
"""

from dataclasses import dataclass

from xmpp_core.element import el
from xmppd.gen_mod import iq_handler

NS = "urn:example:dice"


@dataclass(frozen=True)
class Options:
    """`sides`: of the die that is rolled if the client does not say."""

    sides: int = 6


@iq_handler(NS, "dice")
def roll(iq, mod):
    return iq.result(el("dice", NS, {"sides": "6"}, "4"))
