"""test_parent_app — the parent's way down: ports first.

Way:  xmppd.parent_app
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.kernel import node, rpc
from tests.support.node import run
from xmppd import parent_app
from xmppd.config.load import load
from xmppd.node import ports
from xmppd.node.parent_state import Parent


def test_ports_are_shut_and_then_all_workers_drain_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = {"workers": "3", "listen.1.port": "0", "listen.2.port": "0", "listen.3.port": "0"}
    config = load(None, tmp_path, {}, flags)
    parent = Parent(config, None, flags, ports.bind_all(config.listen, 3))
    seen: list[tuple[str, str, bool, int]] = []
    busy = 0

    async def call(worker: str, fn: str, *args: Any, timeout: float) -> None:
        nonlocal busy
        busy += 1
        await process.sleep(0.02)
        seen.append((fn.rpartition(":")[2], worker, parent.sockets[0][0].fileno() == -1, busy))
        await process.sleep(0.02)
        busy -= 1
        if worker == "w2":
            raise rpc.RpcTimeout(worker, fn, "timeout")

    monkeypatch.setattr(parent_app, "state", lambda: parent)
    monkeypatch.setattr(node, "nodes", lambda: ["w1", "w2"])
    monkeypatch.setattr(rpc, "call", call)

    async def body() -> Any:
        return await parent_app.ParentApp().prep_stop("kept")

    assert run(body) == "kept"
    steps = seen[:2], seen[2:]
    for step, name in zip(steps, ("quiesce", "drain"), strict=True):  # nobody drains before all are quiet
        assert sorted(step) == [(name, "w1", True, 2), (name, "w2", True, 2)]
