"""via_names — a registry of one's own, as {via, Module, Name} wants one; and the global one."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from otp.erts.exits import NotRegistered
from otp.erts.links import watch
from otp.erts.pid import Pid
from otp.erts.process import send
from otp.erts.registry import Via
from otp.kernel import global_
from tests.support.node import run


class LocalRegistry:
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


def everywhere(name: Hashable) -> Via:
    """{global, Name}, within run_globally."""
    return Via(global_, name)


def run_globally(body: Callable[[], Any]) -> Any:
    """Run a test body on a node that has its global_name_server."""

    async def opened() -> Any:
        await global_.start_link()
        return await body()

    return run(opened)
