"""version — which version of xmppd this is, without importlib.metadata, which takes as long as a whole verb.

OTP:      cf. the vsn of a release
Way:      cli.main, node.parent_state → [version] → the name of the installed distribution's folder
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

_HEAD: Final = "xmppd-"
_TAIL: Final = ".dist-info"


def version(path: Sequence[str] | None = None) -> str:
    """Give the version of the distribution that is installed on `path` (sys.path); "unknown" if none is."""
    for folder in sys.path if path is None else path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.startswith(_HEAD) and name.endswith(_TAIL):
                return name[len(_HEAD) : -len(_TAIL)]
    return "unknown"
