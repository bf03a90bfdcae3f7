"""test_behaviour__spec — every behaviour makes the spec of a child, and a supervisor starts it."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.stdlib import gen_event, gen_fsm, gen_server, gen_statem, supervisor
from otp.stdlib.child_spec import ChildSpec, Restart, SupFlags
from tests.support.node import run


class Server(gen_server.GenServer[int]):
    """A server."""

    def init(self, n: int) -> int:
        return n


class Machine(gen_statem.GenStatem[int]):
    """A machine."""

    def init(self, n: int) -> Any:
        return "idle", n


class Fsm(gen_fsm.GenFsm[int]):
    """A machine in the older words."""

    def init(self, n: int) -> Any:
        return "idle", n


class Sup(supervisor.Supervisor):
    """One child."""

    def init(self, spec: ChildSpec) -> Any:
        return SupFlags(), [spec]


SPECS = [
    lambda **more: gen_server.spec(Server, 1, **more),
    lambda **more: gen_statem.spec(Machine, 1, **more),
    lambda **more: gen_fsm.spec(Fsm, 1, **more),
    lambda **more: gen_event.spec(**more),
]


@pytest.mark.parametrize("spec", SPECS)
def test_a_supervisor_starts_what_spec_says_under_its_name(spec: Any) -> None:
    async def body() -> None:
        made = spec(name="child", restart=Restart.TRANSIENT, shutdown=1.0)
        assert (made.id, made.restart, made.shutdown) == ("child", Restart.TRANSIENT, 1.0)
        sup = await supervisor.start_link(Sup, made)
        (child,) = await supervisor.which_children(sup)
        assert child.pid is process.whereis("child")

    run(body)


def test_the_id_is_said_or_the_name_or_the_class() -> None:
    assert [spec().id for spec in SPECS] == ["Server", "Machine", "Fsm", "gen_event"]
    assert [spec(id=7, name="x").id for spec in SPECS] == [7] * 4
