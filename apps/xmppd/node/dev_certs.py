"""dev_certs — makes the development certificates that are missing, in a process of its own.

OTP:      none
Way:      node.parent → `python -m xmppd.node.dev_certs FOLDER HOST…` → net.tls_dev
Differs:  the library that makes certificates takes 9 MB; in a process that ends, no server keeps them
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from xmppd.commands import EXIT_FAILED, CommandError
from xmppd.config.schema import Config
from xmppd.net import tls_dev
from xmppd.node.parent_state import development_certificate


def ensure(config: Config) -> list[str]:
    """Make the certificates that are missing; give the hosts that got one. Raises CommandError."""
    if all(listen.tls == "off" for listen in config.listen):
        return []
    bare = [host for host in config.hosts if config.certificate_of(host) is None]
    missing = [host for host in bare if not development_certificate(config, host).exists()]
    if missing:
        command = [sys.executable, "-I", "-m", "xmppd.node.dev_certs", str(config.paths.certs), *missing]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CommandError(f"no development certificate could be made:\n{done.stderr.rstrip()}", EXIT_FAILED)
    return missing


if __name__ == "__main__":
    for name in sys.argv[2:]:
        tls_dev.ensure(Path(sys.argv[1]), name)
