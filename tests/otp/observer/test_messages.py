"""test_messages — what processes are sent, in lines, as the program's plugin has it or as terms.

Way:  otp.observer.messages
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from otp.observer import messages, plugin
from otp.observer.plugin import Line
from otp.stdlib.gen import Cast
from otp.stdlib.gen_fsm import Event
from otp.stdlib.term_format import Special


@dataclass(frozen=True)
class Order:
    number: int
    token: str


class ShopPlugin(plugin.Plugin):
    special: ClassVar[Special] = {Order: lambda order: f"order {order.number}"}

    def lines(self, message: Any) -> list[Line] | None:
        return [("order", f"no. {message.number}")] if isinstance(message, Order) else None


def test_a_request_is_shown_without_what_it_comes_in_and_without_secrets() -> None:
    assert messages.lines(Cast(("sell", "tea"))) == [("tuple", "('sell', 'tea')")]
    assert messages.lines(Event("ring")) == [("str", "'ring'")]
    assert messages.lines(Order(7, "s3cret")) == [("Order", "Order(number=7, token=***)")]


def test_the_plugin_says_how_its_messages_read() -> None:
    plugin.install(ShopPlugin())
    for message in (Order(7, "s3cret"), Event(Order(7, "s3cret"))):
        assert messages.lines(message) == [("order", "no. 7")]
    assert messages.lines(("sell", Order(7, "s3cret"))) == [("tuple", "('sell', order 7)")]
