"""test_parent_commands — the parent's own commands, with workers that are played.

Way:  xmppd.admin.parent_commands
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from otp.erts.clock import CLOCK
from otp.kernel import keeper, node, rpc
from otp.kernel.keeper import Kept
from tests.support.certificates import make
from tests.support.node import run
from xmppd.admin import dispatch, parent_commands
from xmppd.admin.parent_commands import WORKER
from xmppd.commands import CommandError
from xmppd.config.load import load
from xmppd.node import ports
from xmppd.node.parent_state import Parent

WELL = {"xmppd.monitor.health:told": {"ok": {}}}
Play = Callable[[dict[str, Any]], Parent]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a parent of two workers; `answers` is fn -> what every worker that is up says."""
    flags = {"workers": "2", "listen.1.port": "0", "listen.2.port": "0", "listen.3.port": "0"}
    config = load(None, tmp_path, {}, flags)
    bound = ports.bind_all(config.listen, 2)
    parent = Parent(config, None, flags, bound)
    up = ["w1", "w2"]

    def made(answers: dict[str, Any], down: str = "") -> Parent:
        async def call(worker: str, fn: str, *args: Any, timeout: float) -> Any:
            if fn not in answers:
                raise rpc.RpcTimeout(worker, fn, "timeout")
            found = answers[fn]
            return next(found) if isinstance(found, Iterator) else found

        monkeypatch.setattr(rpc, "call", call)
        monkeypatch.setattr(node, "nodes", lambda: [name for name in up if name != down])
        monkeypatch.setattr(parent_commands, "state", lambda: parent)
        monkeypatch.setattr(dispatch, "state", lambda: parent)
        return parent

    yield made
    ports.close_all(bound)


def perform(fn: Callable[[], Any]) -> Any:
    async def body() -> Any:
        return await fn()

    return run(body)


def test_ping_names_who_is_silent(play: Any) -> None:
    play({f"{WORKER}:vital": {"pid": 1}})
    assert perform(parent_commands.ping)["workers"] == ["w1", "w2"]
    play({f"{WORKER}:vital": {"pid": 1}}, down="w2")
    with pytest.raises(CommandError, match="no answer from w2"):
        perform(parent_commands.ping)
    play({})
    with pytest.raises(CommandError, match="no answer from w1, w2"):
        perform(parent_commands.ping)


def test_status_keeps_a_place_for_who_is_down(play: Any) -> None:
    play({f"{WORKER}:vital": {"pid": 7, "deeds": {"logins": 2}}, f"{WORKER}:sessions": {"ok": 3}, **WELL}, down="w1")
    told = perform(parent_commands.status)
    assert told["sessions"] == 3
    assert told["deeds"] == {"logins": 2}
    kept = {"ends": 0, "last_end": None, "again_in": None}
    assert told["workers"] == [
        {"name": "w1", "state": "down", "pid": None, "not_ready": {}, **kept},
        {"name": "w2", "state": "up", "pid": 7, "not_ready": {}, **kept},
    ]
    assert told["alarms"] == []


def test_what_is_not_ready_raises_an_alarm(play: Any) -> None:
    well = {f"{WORKER}:vital": {"pid": 7}, f"{WORKER}:sessions": {"ok": 3}}
    play({**well, "xmppd.monitor.health:told": {"ok": {"disk": "the disk is full"}}}, down="w1")
    told = perform(parent_commands.status)
    assert told["workers"][1]["not_ready"] == {"disk": "the disk is full"}
    assert told["alarms"] == ["w2 is not ready: the disk is full"]
    play(well, down="w1")  # it does not say
    assert perform(parent_commands.status)["alarms"] == ["w2 is not ready: w2 gave no answer: timeout"]


def test_a_worker_that_does_not_stay_up_raises_an_alarm(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    play({f"{WORKER}:vital": {"pid": 7}, f"{WORKER}:sessions": {"ok": 3}}, down="w1")
    again_at = CLOCK.monotonic() + 100
    monkeypatch.setitem(keeper.STATES, "w1", Kept("pausing", 7, "was killed by SIGKILL", again_at))
    told = perform(parent_commands.status)
    assert told["workers"][0]["state"] == "pausing"
    assert told["workers"][0]["last_end"] == "was killed by SIGKILL"
    assert told["alarms"][0].startswith("w1 does not stay up: it has ended 7 times; the next start is in ")


def test_reload_tells_what_was_done_and_what_has_to_wait(play: Any) -> None:
    parent = play({f"{WORKER}:reload": {"ok": ["certificates read again"]}})
    (parent.config.paths.home / "xmppd.toml").write_text(
        "[auth]\niterations = 5000\n[limits]\nrate = 2048\nroster_items = 7\n[tls]\nmin_version = '1.3'\n"
    )
    told = perform(parent_commands.reload)
    assert told["done"] == [
        "auth needs a restart to change",
        "tls.min_version needs a restart to change",
        "limits.rate needs a restart to change",
        "w1: certificates read again",
        "w2: certificates read again",
    ]


def test_reload_says_which_hosts_come_and_go_with_a_restart(play: Any) -> None:
    parent = play({f"{WORKER}:reload": {"ok": []}})
    file = parent.config.paths.home / "xmppd.toml"
    file.write_text("hosts = ['localhost', 'new.example']\n")
    assert (
        "hosts needs a restart to change: new.example will be served after it, not before"
        in perform(parent_commands.reload)["done"]
    )
    file.write_text("hosts = ['new.example']\n")
    (line, *_) = perform(parent_commands.reload)["done"]
    assert "new.example will be served and localhost will not be served" in line


def test_reload_looks_at_certificates_first(play: Any) -> None:
    parent = play({f"{WORKER}:reload": {"ok": []}})
    home = parent.config.paths.home
    one, other = make("localhost"), make("localhost", ends=3)
    (home / "xmppd.toml").write_text("[tls]\ncertificate = 'c.pem'\nkey = 'k.pem'\n")
    (home / "c.pem").write_text(other.certificate)
    (home / "k.pem").write_text(one.key)
    with pytest.raises(CommandError, match=r"does not belong to .*\nnothing was changed") as caught:
        perform(parent_commands.reload)
    assert caught.value.status == 78
    (home / "k.pem").write_text(other.key)
    assert any(
        line.startswith("warning: ") and "expires in 2 days" in line for line in perform(parent_commands.reload)["done"]
    )
    assert any("expires in 2 days" in line for line in parent.describe()["warnings"])


def test_a_wrong_file_changes_nothing(play: Any) -> None:
    parent = play({})
    (parent.config.paths.home / "xmppd.toml").write_text("hosts = 3\n")
    with pytest.raises(CommandError, match="nothing was changed") as caught:
        perform(parent_commands.reload)
    assert caught.value.status == 78


def test_an_upgrade_goes_from_worker_to_worker_until_one_refuses(play: Any) -> None:
    row = {"module": "m", "file": "m.py", "processes": 1, "running": 0, "sessions": 2, "kept": 2, "done": ["again"]}
    play({"xmppd.admin.upgrade:upgrade": {"ok": row}})
    told = run(lambda: parent_commands.upgrade("m"))
    assert (told["processes"], told["kept"], told["sessions"]) == (2, 4, 4)
    assert told["text"].splitlines()[1] == "2 processes changed, 4 of 4 sessions kept"
    answers = iter([{"ok": row}, {"error": "m.py:3: SyntaxError: no", "status": 1}])
    play({"xmppd.admin.upgrade:upgrade": answers})
    with pytest.raises(CommandError, match=r"w2: m\.py:3: SyntaxError: no; upgraded already: w1"):
        run(lambda: parent_commands.upgrade("m"))
