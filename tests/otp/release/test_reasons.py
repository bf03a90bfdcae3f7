"""Exit reasons read as sentences."""

from __future__ import annotations

import pytest

from otp.erts.exits import Crash, StartError
from otp.kernel.application_controller import ApplicationError
from otp.release.reasons import explain

NESTED = ("shutdown", ("failed_to_start_child", "listener_sup", ("failed_to_start_child", "c2s", "eaddrinuse")))


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("boom", "boom"),
        ("shutdown", "its supervisor gave up"),
        (NESTED, "listener_sup did not start: c2s did not start: eaddrinuse"),
        (("application_terminated", "xmppd", "shutdown"), "application xmppd has ended: its supervisor gave up"),
        (ApplicationError("a", ("not_started", "b")), "application a did not start: b does not run"),
        (ApplicationError("a", ("already_started", "a")), "application a did not start: a runs already"),
        (StartError(("cannot_listen", "w1.sock", "busy")), "cannot_listen: w1.sock: busy"),
        (Crash("ValueError", "no"), "ValueError: no"),
        (
            Crash("ValueError", "no", 'Traceback\n  File "a.py", line 1, in f\n    g()\nValueError: no'),
            'ValueError: no (File "a.py", line 1, in f)',
        ),
        (OSError("disk full"), "disk full"),
        (KeyError(), "KeyError"),
        (["odd"], "['odd']"),
    ],
)
def test_explain(reason: object, sentence: str) -> None:
    assert explain(reason) == sentence
