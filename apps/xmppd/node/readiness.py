"""readiness — tells the process that started the parent how it went, once.

OTP:      none; cf. `ejabberdctl started`, and the lifeline of a peer
Way:      node.parent → [readiness] → cli.lifecycle, through a pipe; in the foreground the terminal; node.systemd
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any

from xmppd.node import banner, output
from xmppd.node.systemd import NOBODY, Systemd


class Readiness:
    """Tells who started us how it went: one line of JSON through a pipe; in the foreground, words, or with `as_json`
    an object as the log has it. The service manager is told too."""

    def __init__(self, fd: int | None, as_json: bool = False, systemd: Systemd = NOBODY) -> None:
        self.fd = fd
        self.systemd = systemd
        self.as_json = as_json
        self.told = False

    def tell(self, answer: dict[str, Any]) -> None:
        """Say it once."""
        if self.told:
            return
        self.told = True
        self._tell_systemd(answer)
        if self.fd is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self.fd, json.dumps(answer).encode() + b"\n")
            os.close(self.fd)
        elif self.as_json:
            text = f"xmppd: {answer['error']}" if "error" in answer else banner.headline(answer)
            stream, level = (sys.stderr, "CRITICAL") if "error" in answer else (sys.stdout, "INFO")
            print(output.record(text, level, extra=answer), file=stream, flush=True)
        elif "error" in answer:
            print(f"xmppd: {answer['error']}", file=sys.stderr, flush=True)
        else:
            colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
            print(banner.banner(answer, colours), flush=True)

    def _tell_systemd(self, answer: dict[str, Any]) -> None:
        if "error" in answer:
            self.systemd.tell(STATUS=str(answer["error"]).partition("\n")[0])
        else:
            self.systemd.tell(READY="1", STATUS=banner.headline(answer))
