"""plugin — what a program knows of its own processes that otp does not: their names, words for them, its messages.

OTP:      none; observer's plugins of Elixir (observer_cli) and the format functions of dbg and et
Way:      a program → install() → [plugin] ← pids, tracing, messages, crash, backend
Process:  none; its methods run in whichever process looks

    class ShopPlugin(plugin.Plugin):
        def name(self, pid):
            return ORDERS.get(pid)                   # what to call a process

    plugin.install(ShopPlugin())

A node has one plugin; without one, this class is it. A word is what a person types to name processes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from otp.erts.pid import Pid
from otp.stdlib.term_format import Special

#: a message as it is shown: its kind, and its text
Line = tuple[str, str]


class Plugin:
    """What a program says of itself; each method may be left as it is."""

    #: how values of some classes are shown in a term (otp.stdlib.term_format)
    special: ClassVar[Special] = {}

    def name(self, pid: Pid) -> str | None:
        """What to call a process of this node; None: its registered name, or its label."""
        return None

    def find(self, word: str, again: bool = False) -> list[Pid]:
        """The processes of this node that a word of the program's own means.

        `again`: they have been found before; those that joins() tells of need not be.
        """
        return []

    def joins(self, word: str, pid: Pid, message: Any) -> bool:
        """Whether a process that is sent `message` just now is one that the word means."""
        return False

    async def missing(self, word: str) -> str | None:
        """Why no process of this word is there: a sentence if there can be none, "" if one may yet come; None for a
        word that is none of the program's own.
        """
        return None

    def listen(self, word: str, told: Callable[[str, str], None]) -> Callable[[], object]:
        """Call told(kind, text) in the process that it is about, for what the program says elsewhere of those who are
        meant (its log, its audit). Returns what ends it.
        """
        return lambda: None

    def lines(self, message: Any) -> list[Line] | None:
        """How a message reads, without secrets; None: as any term."""
        return None

    def refusal(self, pid: Pid) -> str:
        """Why a process may not be killed; "" if it may."""
        return ""


_installed: Final[list[Plugin]] = [Plugin()]


def install(plugin: Plugin) -> None:
    """Let this node's observer know what the plugin knows, in place of the one before."""
    _installed[:] = [plugin]


def installed() -> Plugin:
    """The plugin of this node."""
    return _installed[0]
