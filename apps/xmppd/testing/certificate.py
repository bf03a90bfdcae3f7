"""certificate — the certificates of servers under test: made once for each host and process, and kept till it ends.

Way:      xmppd.testing.server → [certificate] → net.tls_dev
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from xmppd.net import tls_dev


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="xmppd-testing-")


def folder() -> Path:
    """Where they lie; taken away when the process ends."""
    return Path(_folder().name)


def of_host(host: str) -> Path:
    """The PEM file, self-signed, that clients of `host` may trust; made if it is not there."""
    chain, _key = tls_dev.ensure(folder(), host)
    return chain
