"""plugin — what xmppd tells otp's observer of its own processes: JIDs, addresses, stanzas, the audit, the profile.

OTP:      cf. ejabberd_sm:get_session_pid, ejabberd_listener's socket info
Way:      otp.observer.pids, tracing, crash, backend → [plugin] → inspect.jids, unauthenticated, messages
Process:  none; loaded, and so installed, on workers

A word is a JID, "romeo@localhost" or with a resource; an IP address, "192.0.2.1"; or a port that is listened on,
":5222".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from otp.erts.pid import Pid
from otp.kernel import application
from otp.observer import plugin
from otp.observer.plugin import Line
from otp.stdlib.term_format import Special
from xmppd import audit
from xmppd.inspect import jids, messages, unauthenticated
from xmppd.inspect.words import PRODUCTION, is_address, is_jid, is_port


class XmppdPlugin(plugin.Plugin):
    """See the head of the file."""

    special: ClassVar[Special] = messages.SPECIAL

    def name(self, pid: Pid) -> str | None:
        """The full JID of a session, or where a stream that is none yet comes from."""
        return jids.name(pid) or unauthenticated.name(pid)

    def find(self, word: str, again: bool = False) -> list[Pid]:
        """The streams of a JID, or those behind an address or port; these join as they speak."""
        if is_jid(word):
            return jids.streams(word)
        return unauthenticated.streams(word) if is_address(word) and not again else []

    def joins(self, word: str, pid: Pid, message: Any) -> bool:
        """Whether it is a stream behind that address or port which has read something."""
        return is_address(word) and unauthenticated.joins(word, pid, message)

    async def missing(self, word: str) -> str | None:
        """A user who is not connected may come, if the account exists, or is not one of this server."""
        if is_address(word):
            return ""
        if not is_jid(word):
            return None
        return f"there is no account {word}" if await jids.is_account(word) is False else ""

    def listen(self, word: str, told: Callable[[str, str], None]) -> Callable[[], object]:
        """The audit's lines of whom the word means."""

        def hear(line: str) -> None:
            if is_about(word, line):
                told("audit", line)

        audit.LISTENERS.append(hear)
        return lambda: audit.LISTENERS.remove(hear) if hear in audit.LISTENERS else None

    def lines(self, message: Any) -> list[Line] | None:
        """Stanzas as XML, a batch of them in one line for each."""
        return messages.lines(message)

    def refusal(self, pid: Pid) -> str:
        """In production nothing is broken."""
        config = application.get_env("xmppd", "config")
        return "" if config is not None and config.node.profile == "development" else PRODUCTION


def is_about(word: str, line: str) -> bool:
    """Whether an address or a JID is named in a line of the audit; an account's by each of its resources."""
    if is_jid(word):
        return f'"{word}"' in line or f'"{word}/' in line
    if not is_address(word) or is_port(word):
        return False
    return re.search(rf" from {re.escape(audit.address(word))}(?![\w.])", line) is not None


plugin.install(XmppdPlugin())
