"""What every node measures of itself."""

from __future__ import annotations

import os
import time
from typing import Any

from otp.erts import process
from otp.stdlib import supervisor
from otp.stdlib.child_spec import ChildSpec, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from tests.support import node
from xmppd import metrics
from xmppd.monitor import node_metrics


def value(name: str, *labels: str) -> float:
    found: dict[tuple[str, ...], Any] = dict(metrics.METRICS[name].sample()[4])
    return float(found[labels])


def test_the_os_process() -> None:
    assert node_metrics.resident() == value("process_resident_memory_bytes") > 1 << 20
    before = value("process_cpu_seconds_total")
    sum(n * n for n in range(200_000))
    assert value("process_cpu_seconds_total") > before
    files = value("process_open_fds")
    with open(os.devnull, encoding="ascii"):
        assert value("process_open_fds") == files + 1 <= value("process_max_fds")
    assert time.time() - 86_400 < value("process_start_time_seconds") < time.time() + 1


def test_mailboxes() -> None:
    async def body() -> None:
        pids = [process.spawn(process.sleep, 1000), process.spawn(process.sleep, 1000)]
        process.register("busy", pids[0])
        for number in range(5):
            process.send(pids[0], number)
        process.send(pids[1], "one")
        await process.sleep(0.01)
        assert value("otp_mailbox_messages") == 6
        assert value("otp_mailbox_longest") == 5
        assert dict(metrics.METRICS["otp_mailbox_named"].sample()[4]) == {("busy",): 5}
        assert value("otp_processes") >= 3

    node.run(body)


class _Sup(Supervisor):
    def init(self) -> tuple[SupFlags, list[ChildSpec]]:
        return SupFlags(Strategy.ONE_FOR_ONE, 10, 10.0), [ChildSpec("c", (_start, ()))]


async def _start() -> Any:
    return process.spawn_link(process.sleep, 1000)


def test_restarts_by_supervisor() -> None:
    async def body() -> None:
        await supervisor.start_link(_Sup, name="some_sup")
        [child] = await supervisor.which_children("some_sup")
        process.exit_(child.pid, "kill")
        while (await supervisor.which_children("some_sup"))[0].pid in (child.pid, None):
            await process.sleep(0.01)
        assert value("otp_restarts_total", "some_sup") == 1

    node.run(body)
