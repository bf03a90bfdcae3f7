"""gen_mod_server — the process that registers what a module's file declares, on one host.

OTP:      gen_server, one per module and host
Way:      gen_mod_sup → [gen_mod_server] → hooks, iq, http.routes, router (registers what the file declares; its
          stop takes it away)
Process:  `mod_x@host`, permanent, under the host's supervisor of gen_mod_sup. Handlers do not run in it but in the
          process that fires the hook or handles the IQ; if it crashes they stay until its successor has registered them
          again. What is to be done @every so often runs in a process of its own, linked to it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.signals import Exit
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply
from xmppd import gen_mod_service
from xmppd.gen_mod import Mod, account_states, beginnings, hook_entries, iq_entries, load, seconds_of, timers
from xmppd.gen_mod_http import http_entries
from xmppd.http import routes
from xmppd.routing import handler_table, hooks, iq, router
from xmppd.routing.account.account import forget
from xmppd.routing.handler_table import HandlerEntry, Reregister


@dataclass(frozen=True, slots=True)
class Tick:
    """To the module's process: run the function of this name."""

    name: str


@dataclass(slots=True)
class ModState:
    """`running`: the @every functions that run now, by process."""

    mod: Mod
    running: dict[Pid, str] = field(default_factory=dict)


class ModServer(GenServer[ModState]):
    """Registers what a file declares, again for a table that lost it, and removes it at an orderly end."""

    async def init(self, mod: Mod) -> ModState:
        """Register what the file declares; set its timers, and begin what is @started."""
        process.trap_exit(True)
        module = load(mod.name)
        await _register(mod, module)
        for name in timers(module):
            _set_timer(mod, name)
        for fn in beginnings(module):
            process.spawn_link(fn, mod)
        return ModState(mod)

    def handle_cast(self, request: object, state: ModState) -> Any:
        """A table that has lost its entries asks for them."""
        if isinstance(request, Reregister):
            handler_table.register_again(request.table, state.mod.owner, _entries(request.table, state.mod))
        return NoReply(state)

    def handle_info(self, message: object, state: ModState) -> Any:
        """A timer has fired; or its function has ended, and the next timer is set, so that no two run at a time."""
        if isinstance(message, Tick):
            fn = timers(load(state.mod.name)).get(message.name)
            if fn is not None:
                state.running[process.spawn_link(fn, state.mod)] = message.name
        elif isinstance(message, Exit) and message.pid is not None:
            name = state.running.pop(message.pid, None)
            if name is not None:
                _set_timer(state.mod, name)
        return NoReply(state)

    async def terminate(self, reason: object, state: ModState) -> None:
        """Remove what was registered, unless this is a crash."""
        if reason == "normal" or reason == "shutdown":
            for table in (routes.TABLE, router.TABLE, iq.TABLE, hooks.TABLE):
                if process.whereis(table) is not None:
                    await handler_table.register(table, state.mod.owner, ())


def _set_timer(mod: Mod, name: str) -> None:
    """Sets the timer of the function of that name, if the file (which may have been reloaded) still declares it."""
    fn = timers(load(mod.name)).get(name)
    if fn is not None:
        process.send_after(seconds_of(fn, mod), process.self_(), Tick(name))


def _entries(table: str, mod: Mod) -> tuple[HandlerEntry, ...]:
    module = load(mod.name)
    if table == router.TABLE:
        return router.service_entries(gen_mod_service.route(module, mod))
    if table == routes.TABLE:
        return http_entries(module, mod)
    return hook_entries(module, mod) if table == hooks.TABLE else iq_entries(module, mod)


async def _register(mod: Mod, module: ModuleType) -> None:
    await handler_table.register(hooks.TABLE, mod.owner, hook_entries(module, mod))
    if account_states(module):
        forget("")  # accounts that are in use have nothing of it yet
    await handler_table.register(iq.TABLE, mod.owner, iq_entries(module, mod))
    await handler_table.register(routes.TABLE, mod.owner, http_entries(module, mod))
    await router.register_service(mod.owner, gen_mod_service.route(module, mod))  # last: then it is served


async def register_again(mod: Mod) -> None:
    """Registers what the file declares now, in place of what it declared before."""
    await _register(mod, load(mod.name))


async def start_link(mod: Mod) -> Pid | None:
    """Starts a module on a host."""
    return await gen_server.start_link(ModServer, mod, name=mod.owner)


def specs(mod: Mod) -> list[ChildSpec]:
    """The children that a module is: processes of its own first, then its ModServer."""
    children = getattr(load(mod.name), "children", None)
    own: list[ChildSpec] = children(mod) if children is not None else []
    return [*own, *gen_mod_service.placed_specs(mod), ChildSpec(mod.owner, (start_link, (mod,)))]
