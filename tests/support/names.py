"""names — a registry of one's own, as {via, Module, Name} wants one; a test makes it and throws it away."""

from __future__ import annotations

from collections.abc import Hashable

from otp.erts.exits import NotRegistered
from otp.erts.links import watch
from otp.erts.pid import Pid
from otp.erts.process import send
from otp.erts.registry import Via


class Phonebook:
    """Names in a dict; freed when the process ends."""

    def __init__(self) -> None:
        self.pids: dict[Hashable, Pid] = {}

    def register_name(self, name: Hashable, pid: Pid) -> bool:
        if name in self.pids:
            return False
        self.pids[name] = pid
        watch(pid, lambda _reason: self.unregister_name(name))
        return True

    def unregister_name(self, name: Hashable) -> None:
        self.pids.pop(name, None)

    def whereis_name(self, name: Hashable) -> Pid | None:
        return self.pids.get(name)

    def send(self, name: Hashable, message: object) -> Pid:
        pid = self.pids.get(name)
        if pid is None:
            raise NotRegistered(name)
        send(pid, message)
        return pid

    def via(self, name: Hashable) -> Via:
        """The name as start_link, call and the rest take it."""
        return Via(self, name)
