"""logs — the log of the test run is as it was before, after a test that sets up the server's own."""

from __future__ import annotations

import logging
from collections.abc import Iterator

#: whose levels the server sets (xmppd.node.log_setup)
_SET = ("", "otp.supervisor")


def kept() -> Iterator[None]:
    """No handler, and what it was afterwards; the body of a fixture."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in _SET}
    root.handlers = []
    try:
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = handlers
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
