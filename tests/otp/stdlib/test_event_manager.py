"""test_event_manager — the manager's own ways: who is linked with it, and what it does with strangers' requests."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts.process import process_info, receive, self_
from otp.stdlib import gen, gen_event
from otp.stdlib.event_manager import HandlerRefused
from otp.stdlib.gen_event import GenEventExit, Ok, Refuse, Swap
from tests.support.node import run
from tests.support.scripted_handlers import Other, Teller, manager


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
        assert await gen.call(pid, "what?") == HandlerRefused("unknown_request")
        assert await gen_event.which_handlers(pid) == []

    run(body)


async def heard(count: int) -> list[Any]:
    return [await receive(timeout=5) for _ in range(count)]


def test_a_successor_from_inside_takes_the_place_and_the_supervisor() -> None:
    """Probed on a real node: its place in the list, and who supervised the one does the other."""

    async def body() -> None:
        me = self_()
        pid = await manager((Teller, me, 1))
        await gen_event.add_sup_handler(pid, (Teller, 2), me, 2)
        await gen_event.add_handler(pid, (Teller, 3), me, 3)
        await heard(3)
        gen_event.notify(pid, lambda state: Swap("x", state, Other, (me, 4)) if state[1] == 2 else Ok(state))
        assert await gen_event.which_handlers(pid) == [(Teller, 3), Other, Teller]
        assert await heard(3) == [
            ("terminate", 2, "x"),
            GenEventExit((Teller, 2), ("swapped", Other, me)),
            ("init", 4, "done"),
        ]
        await gen_event.swap_handler(pid, (Other, "y"), ((Other, 5), me, 5))
        assert await gen_event.which_handlers(pid) == [(Other, 5), (Teller, 3), Teller]
        await heard(3)
        await gen_event.delete_handler(pid, (Other, 5))
        assert (await heard(2))[1] == GenEventExit((Other, 5), "normal"), "it was still supervised"

    run(body)


def test_a_successor_that_does_not_start_is_told_to_the_supervisor() -> None:
    async def body() -> None:
        me = self_()
        pid = await manager()
        await gen_event.add_sup_handler(pid, Teller, me, 1)
        await gen_event.call(pid, Teller, lambda state: Swap("x", state, Other, (me, Refuse("no")), reply="ok"))
        assert (await heard(4))[2:] == [GenEventExit(Teller, ("swapped", Other, me)), GenEventExit(Other, "crash")]
        assert await gen_event.which_handlers(pid) == []

    run(body)


@pytest.mark.parametrize("id", [None, "one"])
def test_a_handlers_name(id: str | None) -> None:
    assert gen_event.handler_of(Teller, id) == (Teller if id is None else (Teller, id))
