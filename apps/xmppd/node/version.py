"""version — which version of xmppd this is, and which build of it: builds of one version differ in that.

OTP:      cf. the vsn of a release, RELEASE_VSN and start_erl.data of a target system
Way:      cli.main, node.parent_state → [version] → the name of the installed distribution's folder; `make rel`, which
          writes the build
Differs:  importlib.metadata is not asked: it takes as long as a whole verb
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_HEAD: Final = "xmppd-"
_TAIL: Final = ".dist-info"


def version(path: Sequence[str] | None = None) -> str:
    """Return the version of the distribution that is installed on `path` (sys.path); "unknown" if none is."""
    for folder in sys.path if path is None else path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.startswith(_HEAD) and name.endswith(_TAIL):
                return name[len(_HEAD) : -len(_TAIL)]
    return "unknown"


def build(prefix: str = sys.prefix) -> str:
    """When the files around this interpreter were built, and of which commit, as `make rel` has written it beside the
    environment `prefix`; "" where no release was built: installed by pip, or run from the sources."""
    try:
        return (Path(prefix).parent / "build").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
