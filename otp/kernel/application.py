"""application — the behaviour of an application, and its settings.

OTP:      application.erl (callbacks, get_env, set_env)
Way:      application_controller → the application's master → [start, prep_stop, stop]
Process:  the callbacks run in a process of their own, the master, to which the top supervisor is linked
Differs:  start, stop and their like are in application_controller

    class GreeterApp(Application):
        async def start(self, type_, args):
            return await greeter_sup.start_link()

        def prep_stop(self, state):
            return state                      # the tree still runs
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: application -> its settings; written by application_controller and set_env, read by all
_env: Final[dict[str, dict[str, Any]]] = {}


class Application:
    """The callback class: an application's start and stop. Each may be `def` or `async def`."""

    def start(self, type_: str, args: Any) -> Any:
        """Start the tree and return the Pid of its top supervisor, or (Pid, state for the other callbacks).

        `type_` is "normal"; `args` is the application's env as it is when it starts. Raises: anything; the start
        then fails with it.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has no start")

    def prep_stop(self, state: Any) -> Any:
        """Before the tree is stopped; returns the state for stop()."""
        return state

    def stop(self, state: Any) -> Any:
        """After the tree has ended, for whatever reason."""

    def config_change(self, changed: Mapping[str, Any], new: Mapping[str, Any], removed: list[str]) -> Any:
        """Settings were replaced while the application runs."""


def get_env(app: str, key: str, default: Any = None) -> Any:
    """A setting of a loaded application, or the default."""
    return _env.get(app, {}).get(key, default)


def get_all_env(app: str) -> dict[str, Any]:
    """All settings of an application, a copy."""
    return dict(_env.get(app, {}))


def set_env(app: str, key: str, value: Any) -> None:
    """Change a setting; an application need not be loaded for it: loading keeps what was set before."""
    _env.setdefault(app, {})[key] = value


def merge_env(app: str, defaults: Mapping[str, Any], overrides: Mapping[str, Any]) -> None:
    """What loading does: defaults of the resource, then what was set before, then the configuration's word."""
    _env[app] = {**defaults, **_env.get(app, {}), **overrides}


def replace_env(app: str, env: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Put new settings in place of all; returns what changed, what is new and what is gone."""
    before = _env.get(app, {})
    _env[app] = dict(env)
    changed = {key: value for key, value in env.items() if key in before and before[key] != value}
    new = {key: value for key, value in env.items() if key not in before}
    return changed, new, [key for key in before if key not in env]


def forget_env(app: str) -> None:
    """What unloading does."""
    _env.pop(app, None)
