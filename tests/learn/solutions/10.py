"""An answer to exercise 10."""

import random
from dataclasses import dataclass

from xmpp_core.element import el
from xmpp_core.errors import StanzaError
from xmppd.gen_mod import iq_handler

NS = "urn:example:dice"
SIDES = range(2, 1001)


@dataclass(frozen=True)
class Options:
    """`sides`: of the die that is rolled if the client does not say."""

    sides: int = 6


@iq_handler(NS, "dice")
def roll(iq, mod):
    if iq.type != "get":
        raise StanzaError("not-allowed", "dice are rolled, not set")
    wish = iq.payload.get("sides")
    sides = mod.options.sides if wish is None else whole(wish)
    return iq.result(el("dice", NS, {"sides": str(sides)}, str(random.randint(1, sides))))


def whole(text):
    if not (text.isascii() and text.isdigit() and len(text) < 5 and int(text) in SIDES):
        raise StanzaError("bad-request", "sides: a whole number of 2 to 1000")
    return int(text)
