"""test_upgrade — a module's file again, on a worker that serves; the wire is in tests/interop/test_upgrade.py.

Way:  xmppd.admin.upgrade
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.kernel import node, rpc
from tests.support.admin import beside_server
from tests.support.node import run
from xmppd.admin import upgrade
from xmppd.commands import CommandError

ROW = {"module": "m", "file": "m.py", "processes": 1, "running": 0, "sessions": 2, "kept": 2, "done": ["registered"]}


def test_a_module_registers_what_its_file_declares() -> None:
    async def body() -> list[Any]:
        return [await upgrade.here(name) for name in ("mod_ping", "otp.erts.process", "mod_nothing")]

    good, fixed, missing = beside_server(body)
    assert good["ok"]["module"] == "xmppd.mods.mod_ping"
    assert good["ok"]["done"] == [f"registered mod_ping of {host} again" for host in ("localhost", "other.example")]
    assert (fixed["status"], missing["status"]) == (2, 2)
    assert missing["error"].startswith("no module xmppd.mods.mod_nothing is loaded here: name one as mod_ping")
    assert "nothing was changed" in missing["error"]


def test_the_workers_follow_one_another_until_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, Any] = {"w1": {"ok": ROW}, "w2": {"ok": ROW}}

    async def call(worker: str, _fn: str, *_args: Any, **_more: Any) -> Any:
        return answers[worker]

    monkeypatch.setattr(rpc, "call", call)
    monkeypatch.setattr(node, "nodes", lambda: ["w1", "w2"])

    async def body() -> None:
        told = await upgrade.upgrade("m")
        assert (told["processes"], told["kept"], told["sessions"]) == (2, 4, 4)
        assert told["text"].splitlines()[1] == "2 processes changed, 4 of 4 sessions kept"
        answers["w2"] = {"error": "m.py:3: SyntaxError: no", "status": 1}
        with pytest.raises(CommandError, match=r"w2: m\.py:3: SyntaxError: no; upgraded already: w1"):
            await upgrade.upgrade("m")

    run(body)
