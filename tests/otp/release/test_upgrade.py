"""upgrade — see test_release_handler: each instruction on running processes. Here: who is found."""

from __future__ import annotations

from typing import Any

from otp.release import upgrade
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer
from otp.stdlib.supervisor import Supervisor
from tests.support.node import run


class Server(GenServer[int]):
    def init(self) -> int:
        return 0


class Sup(Supervisor):
    def init(self) -> Any:
        return SupFlags(), []


def test_processes_are_found_by_the_module_of_their_callbacks() -> None:
    async def body() -> None:
        server, sup = await gen_server.start_link(Server), await supervisor.start_link(Sup)
        assert upgrade.processes_of(__name__) == [server]
        assert upgrade.supervisors_of(__name__) == [sup]
        assert upgrade.processes_of("another") == upgrade.supervisors_of("another") == []

    run(body)
