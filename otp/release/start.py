"""start — boots the permanent release of a target system.

OTP:      bin/start of a target system
Way:      a shell → [start] → release_handler.boot_script → boot
Process:  the OS process of the node

    python -m otp.release.start ROOT NODE [arguments of the node, see arguments]
"""

from __future__ import annotations

import sys
from pathlib import Path

from otp.kernel.app_resource import AppResourceError
from otp.release import boot, release_handler
from otp.release.release_handler import ReleaseHandlerError
from otp.release.systools import ReleaseError


def main(arguments: list[str]) -> int:
    """Be the node; the exit status, 2 for a call without its arguments, 78 for a target system that is at fault."""
    if len(arguments) < 2:
        sys.stderr.write("usage: start ROOT NODE [-flag value …]\n")
        return 2
    try:
        script = release_handler.boot_script(Path(arguments[0]))
    except (ReleaseHandlerError, ReleaseError, AppResourceError, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 78
    return boot.run(script, node=arguments[1], arguments=arguments[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
