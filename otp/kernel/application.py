"""application — the behaviour of an application, and its settings.

OTP:      application.erl (callbacks, get_env, set_env, unset_env)
Way:      application_controller → the application's master → [start, prep_stop, stop]
Process:  the callbacks run in a process of their own, the master, to which the top supervisor is linked
Differs:  start, stop and their like are in application_controller

    application_controller        the master                      your module (an Application)
    start("greeter")  --------->  starts  --------------------->  start(type_, args): the top supervisor's pid
    stop("greeter")   --------->  before the tree is stopped -->  prep_stop(state)
                                  after it has ended  --------->  stop(state)

>>> from otp.kernel.application import Application
>>> from otp.erts import runtime
>>> from otp.stdlib import gen_server, supervisor
>>> from otp.stdlib.child_spec import SupFlags
>>> class Greeter(gen_server.GenServer[str]):
...     def init(self, word):
...         return word
...     def handle_call(self, name, from_, word):
...         return gen_server.Reply(f"{word} {name}!", word)
>>> class GreeterSup(supervisor.Supervisor):
...     def init(self, word):
...         return SupFlags(), [gen_server.spec(Greeter, word, name="greeter")]
>>> class GreeterApp(Application):
...     async def start(self, type_, args):
...         return await supervisor.start_link(GreeterSup, args["word"])
>>> async def main():
...     await GreeterApp().start("normal", {"word": "Hello"})
...     return await gen_server.call("greeter", "Juliet")
>>> runtime.run(main)
'Hello Juliet!'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from otp.stdlib.callback import Callbacks

Env = Mapping[str, Mapping[str, Any]]

#: application -> its settings; written by application_controller and set_env, read by all
_env: Final[dict[str, dict[str, Any]]] = {}
#: settings that outlive unloading and loading, and what the configuration says, loaded or not
_persistent: Final[dict[str, dict[str, Any]]] = {}
_configured: Final[dict[str, dict[str, Any]]] = {}


class Application(Callbacks):
    """The callback class: an application's start and stop. Each may be `def` or `async def`."""

    def start(self, type_: str, args: Any) -> Any:
        """Start the tree and return the Pid of its top supervisor, or (Pid, state for the other callbacks).

        `type_` is "normal"; `args` is the application's env as it is when it starts. Raises: anything; the start
        then fails with it.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has no start")

    def start_phase(self, phase: str, type_: str, args: Any) -> Any:
        """One of the resource's start_phases, after start(). Raises: anything; the application then does not start."""

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


def set_env(app: str, key: str, value: Any, *, persistent: bool = False) -> None:
    """Change a setting; an application need not be loaded for it: loading keeps what was set before.

    `persistent`: unloading and loading again keeps it, and the configuration does not override it.
    """
    _env.setdefault(app, {})[key] = value
    if persistent:
        _persistent.setdefault(app, {})[key] = value


def set_envs(env: Env, *, persistent: bool = False) -> None:
    """set_env() of many settings of many applications: all of them, or none with TypeError if `env` is malformed."""
    for app, settings in env.items():
        if not isinstance(app, str) or not isinstance(settings, Mapping):
            raise TypeError(f"not settings of an application: {app!r}: {settings!r}")
        if odd := [key for key in settings if not isinstance(key, str)]:
            raise TypeError(f"{app}: settings have names, not {odd!r}")
    for app, settings in env.items():
        for key, value in settings.items():
            set_env(app, key, value, persistent=persistent)


def unset_env(app: str, key: str, *, persistent: bool = False) -> None:
    """Take a setting away; with `persistent`, what was set so as well."""
    _env.get(app, {}).pop(key, None)
    if persistent:
        _persistent.get(app, {}).pop(key, None)


def configure(env: Env) -> None:
    """Put a configuration in place of the one before; it takes effect for what is loaded from now on."""
    _configured.clear()
    _configured.update({app: dict(settings) for app, settings in env.items()})


def merge_env(app: str, defaults: Mapping[str, Any], overrides: Mapping[str, Any]) -> None:
    """What loading does: the defaults of the resource, configuration, what was set before, overrides, persistent."""
    before, kept = _env.get(app, {}), _persistent.get(app, {})
    _env[app] = {**defaults, **_configured.get(app, {}), **before, **overrides, **kept}


def reconfigured(app: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What the settings of a loaded application are under the configuration of now."""
    return {**defaults, **_configured.get(app, {}), **_persistent.get(app, {})}


def forget_all() -> None:
    """A node begins or ends: nothing is set, nothing configured."""
    for table in (_env, _persistent, _configured):
        table.clear()


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
