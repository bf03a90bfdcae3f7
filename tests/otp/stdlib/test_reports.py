"""reports — what is said, to people and to machines, and that clean ends say nothing.

OTP:  supervisor_SUITE (format_log_1, format_log_2), sasl_report_SUITE
"""

import logging
from typing import Any

import pytest

from otp.erts.exits import crash
from otp.stdlib import reports, supervisor
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.gen_server import StopInit
from otp.stdlib.report_text import describe
from tests.support.node import run
from tests.support.scripted_children import Script, children, end, exit_reason, start, worker


async def start_nothing() -> None:
    return None


SPEC = ChildSpec("sm", (start_nothing, ()), restart="transient", shutdown="brutal_kill")  # type: ignore[arg-type]


def report_of(record: logging.LogRecord) -> dict[str, Any]:
    report: dict[str, Any] = record.__dict__["report"]
    return report


def ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "otp.supervisor"]


def test_supervisor__format_log_1(caplog: pytest.LogCaptureFixture) -> None:
    reports.error("top", "child_terminated", "killed", SPEC, None)
    (record,) = ours(caplog)
    assert record.getMessage() == "supervisor top: child sm child_terminated: 'killed'"
    assert report_of(record) == {
        "label": ("supervisor", "child_terminated"),
        "supervisor": "top",
        "reason": "killed",
        "offender": {
            "id": "sm",
            "pid": None,
            "start": f"{__name__}.start_nothing",
            "restart_type": "transient",
            "shutdown": "brutal_kill",
            "child_type": "worker",
        },
    }


def test_supervisor__format_log_2(caplog: pytest.LogCaptureFixture) -> None:
    """In one line, not deeper and not longer than is wanted; what was shut down and what has started too."""
    reports.error("top", "shutdown", ("reached_max_restart_intensity", list(range(100))), SPEC, None)
    report = report_of(ours(caplog)[0])
    whole = describe(report, single_line=True)
    assert whole.startswith("supervisor top: child sm shutdown: ('reached_max_restart_intensity', [0, 1, 2, ")
    assert len(describe(report, depth=10)) < len(whole) / 2
    assert len(describe(report, chars_limit=30)) == 30
    caplog.set_level(logging.INFO, "otp.supervisor")
    reports.progress("top", SPEC, None)
    assert describe(report_of(ours(caplog)[1])) == "supervisor top: child sm None started"


def test_supervisor__format_log_2__a_crash_tells_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("where")
    except ValueError as exc:
        reports.error("top", "start_error", crash(exc), SPEC, None)
    assert 'raise ValueError("where")' in ours(caplog)[0].getMessage()


def test_progress_is_told_at_level_info_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "otp.supervisor"):
        reports.progress("top", SPEC, None)
    assert not ours(caplog)
    with caplog.at_level(logging.INFO, "otp.supervisor"):
        reports.progress("top", SPEC, None)
    assert report_of(ours(caplog)[0])["label"] == ("supervisor", "progress")


def test_supervisor__reports_of_a_life(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        script = Script()
        script.starts["a"] = [None, StopInit("no")]
        sup = await start(SupFlags(intensity=2), [worker(script, "a")])
        await end(sup, "a", "kill")
        await children(sup)
        await end(sup, "a", "kill")
        assert await exit_reason(sup) == "shutdown"

    run(body)
    labels = [report_of(record)["label"][1] for record in ours(caplog) if record.levelno == logging.ERROR]
    assert labels == ["child_terminated", "start_error", "child_terminated", "shutdown"]


@pytest.mark.parametrize("restart", ["transient", "temporary"])
def test_supervisor__clean_ends_are_not_reported(restart: str, caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        sup = await start(SupFlags(), [worker(Script(), "a", restart=restart)])
        await end(sup, "a", "normal")
        assert not await supervisor.which_children(sup) or restart == "transient"

    run(body)
    assert not ours(caplog)
