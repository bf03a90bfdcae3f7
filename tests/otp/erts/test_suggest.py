"""test_suggest — a word near a known one, or all there are; and every enumerated option of otp says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otp.erts import process, runtime, trace
from otp.erts.suggest import meant
from otp.kernel import application_controller
from otp.stdlib import ets, gen, gen_event, gen_statem
from otp.stdlib.child_spec import ChildSpec, SupFlags


class Moody(gen_statem.GenStatem[None]):
    def callback_mode(self) -> str:
        return "state_function"

    def init(self) -> tuple[str, None]:
        return "one", None


def test_the_nearest_word_or_all() -> None:
    assert meant("one-for-al", ["one_for_one", "one_for_all"]) == "did you mean 'one_for_all'?"
    assert meant("zebra", ["one", "two"]) == "there is 'one', 'two'"
    assert meant(None, ["seven"]) == "there is 'seven'"


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: SupFlags(strategy="one_for_al"), "did you mean 'one_for_all'"),  # type: ignore[arg-type]
        (lambda: SupFlags(auto_shutdown="any_signifcant"), "did you mean 'any_significant'"),  # type: ignore[arg-type]
        (lambda: ChildSpec("a", (print, ()), restart="transiant"), "did you mean 'transient'"),  # type: ignore[arg-type]
        (lambda: ChildSpec("a", (print, ()), type="superviser"), "did you mean 'supervisor'"),  # type: ignore[arg-type]
        (lambda: ChildSpec("a", (print, ()), shutdown="brutalkill"), "did you mean 'brutal_kill'"),  # type: ignore[arg-type]
        (lambda: ChildSpec("a", (print, "x")), "one is \\(argument,\\)"),  # type: ignore[arg-type]
        (lambda: process.process_flag("trap_exits", True), "did you mean 'trap_exit'"),
        (lambda: process.process_info(process.self_(), "link"), "did you mean 'links'"),
        (lambda: process.spawn_opt(print, monitor={"alias": "demonitr"}), "did you mean 'demonitor'"),
        (lambda: trace.trace(process.self_(), ["recieve"]), "did you mean 'receive'"),
        (lambda: trace.trace("exsting", ["receive"]), "did you mean 'existing'"),
        (lambda: runtime.new_loop("uvlop"), "did you mean 'uvloop'"),
        (lambda: ets.new("t", "orderedset"), "did you mean 'ordered_set'"),  # type: ignore[arg-type]
        (lambda: ets.new("t", access="publik"), "did you mean 'public'"),  # type: ignore[arg-type]
        (lambda: application_controller.start("a", "permanant"), "did you mean 'permanent'"),
    ],
)
def test_each_enumerated_option_says_what_was_perhaps_meant(wrong: Callable[[], object], text: str) -> None:
    async def main() -> None:
        with pytest.raises(Exception, match=text):
            await _value(wrong())

    runtime.run(main)


async def _value(result: object) -> object:
    return await result if hasattr(result, "__await__") else result


def test_so_does_a_callback_mode(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        _pid, ref = await gen_statem.start_monitor(Moody)
        assert (await process.receive(timeout=30)).ref is ref

    runtime.run(main)
    assert "did you mean 'state_functions'" in caplog.text


def test_so_does_a_system_request() -> None:
    async def main() -> None:
        manager = await gen_event.start()
        with pytest.raises(RuntimeError, match="did you mean 'get_state'"):
            await gen.system(manager, "get_stat")

    runtime.run(main)
