"""aliases — references that stand for a process until they are revoked.

OTP:      process aliases (OTP 24): alias/0,1, monitor's {alias, Mode}
Way:      process.send(ref, message) → [aliases] → the owner's mailbox; from another node: carrier → links → [aliases]
Process:  none: a table that erts writes
"""

from __future__ import annotations

from typing import Final, NamedTuple

from otp.erts.actor import Process
from otp.erts.links import HERE_ALIASES, remove_watcher
from otp.erts.pid import Ref, is_local

_ONCE: Final = ("reply", "reply_demonitor")
_WITH_MONITOR: Final = ("demonitor", "reply_demonitor")


class _Alias(NamedTuple):
    ref: Ref
    process: Process
    mode: str

    def __call__(self, message: object) -> None:
        """Deliver; a one-shot alias ends with it, and with reply_demonitor its monitor too."""
        if self.mode in _ONCE:
            HERE_ALIASES.pop(self.ref.serial, None)
            target = (self.process.monitors or {}).pop(self.ref, None)
            if target is not None:
                remove_watcher(self.ref, target)
        self.process.deliver(message)

    def monitor_ended(self) -> None:
        """Its monitor is gone, by Down or demonitor(): an alias that lives as long as it ends too."""
        if self.mode in _WITH_MONITOR:
            HERE_ALIASES.pop(self.ref.serial, None)


def enter(ref: Ref, process: Process, mode: str) -> None:
    """Make `ref` stand for the process; it ends with it."""
    serial = ref.serial
    HERE_ALIASES[serial] = _Alias(ref, process, mode)
    process.on_exit = [*(process.on_exit or ()), lambda: _forget(serial)]


def _forget(serial: int) -> None:
    HERE_ALIASES.pop(serial, None)


def remove(ref: Ref, process: Process) -> bool:
    """Forget an alias of that process; False if it is none."""
    entry = _entry(ref)
    if entry is None or entry.process is not process:
        return False
    del HERE_ALIASES[ref.serial]
    return True


def ended(ref: Ref) -> None:
    """A monitor has ended: an alias that lives as long as it ends too."""
    entry = _entry(ref)
    if entry is not None:
        entry.monitor_ended()


def _entry(ref: Ref) -> _Alias | None:
    entry = HERE_ALIASES.get(ref.serial) if is_local(ref) else None
    return entry if isinstance(entry, _Alias) else None
