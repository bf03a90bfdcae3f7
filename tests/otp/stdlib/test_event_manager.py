"""test_event_manager — the manager's own ways: who is linked with it, and what it does with strangers' requests."""

from __future__ import annotations

import pytest

from otp.erts.process import process_info, self_
from otp.stdlib import gen, gen_event
from otp.stdlib.event_manager import Refused
from tests.support.handlers import Other, Teller, manager
from tests.support.node import run


def links() -> int:
    info = process_info(self_())
    assert info is not None
    return len(info.links)


def test_the_link_of_a_supervised_handler_goes_with_the_last_of_them() -> None:
    async def body() -> None:
        pid = await manager()
        await gen_event.add_sup_handler(pid, Teller, self_())
        await gen_event.add_sup_handler(pid, Other, self_())
        assert links() == 1
        await gen_event.delete_handler(pid, Teller)
        assert links() == 1
        await gen_event.delete_handler(pid, Other)
        assert links() == 0

    run(body)


def test_a_request_of_another_behaviour_is_refused_and_the_manager_lives() -> None:
    async def body() -> None:
        pid = await manager()
        assert await gen.call(pid, "what?") == Refused("unknown_request")
        assert await gen_event.which_handlers(pid) == []

    run(body)


@pytest.mark.parametrize("id", [None, "one"])
def test_a_handlers_name(id: str | None) -> None:
    assert gen_event.handler_of(Teller, id) == (Teller if id is None else (Teller, id))
