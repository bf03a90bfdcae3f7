"""test_last_words — the end of the release in a sentence.

Way:  xmppd.ctl.last_words
"""

from __future__ import annotations

import logging

import pytest

from otp.stdlib import reports
from otp.stdlib.child_spec import ChildSpec
from xmppd.ctl.last_words import LastWords


async def nobody() -> None: ...


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (("signal", "SIGKILL", ()), "w1 was killed by SIGKILL"),
        (("exit_status", 3, ("one", "two")), "w1 ended with status 3: two"),
        (("exit_status", 3, ()), "w1 ended with status 3"),
        ("shutdown", "w1 its supervisor gave up"),
    ],
)
def test_only_the_end_of_worker_sup_counts(reason: object, words: str) -> None:
    handler = LastWords()
    logger = logging.getLogger("otp.supervisor")
    logger.addHandler(handler)
    try:
        spec = ChildSpec("w1", (nobody, ()))
        limit = ("reached_max_restart_intensity", reason)
        reports.error("c2s_sup", "shutdown", limit, spec, None)
        reports.error("worker_sup", "child_terminated", reason, spec, None)
        assert handler.why == ""
        reports.error("worker_sup", "shutdown", limit, spec, None)
        assert handler.why == words
    finally:
        logger.removeHandler(handler)
