"""build — which build of the release this is: two of one version are told apart by it.

OTP:      none; cf. the RELEASE_VSN and start_erl.data of a target system
Way:      make rel (writes it) → [build] → status, --version
"""

from __future__ import annotations

import sys
from pathlib import Path


def build(prefix: str = sys.prefix) -> str:
    """When the files around this interpreter were built, and of which commit, as `make rel` has written it beside the
    environment `prefix`; "" where no release was built: installed by pip, or run from the sources."""
    try:
        return (Path(prefix).parent / "build").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
