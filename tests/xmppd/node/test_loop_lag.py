"""How late the loop is."""

from __future__ import annotations

import time

from otp.erts import process
from tests.support import node
from xmppd import metrics
from xmppd.node import loop_lag


def test_a_callback_that_holds_up_the_loop_is_seen() -> None:
    async def body() -> None:
        series = metrics.METRICS["xmppd_loop_lag_seconds"].cell()
        before, total = sum(series.counts), series.total
        watch = loop_lag.start()
        while sum(series.counts) < before + 2:
            time.sleep(0.4)
            await process.sleep(0.01)
        watch.stop()
        assert series.total - total >= 0.1
        assert metrics.METRICS["xmppd_loop_lag_worst_seconds"].cell().n >= 0.1

    node.run(body)
