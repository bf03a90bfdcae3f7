"""gen_mod_sup — the modules of every host, each a child.

OTP:      supervisor, one_for_one; below it one supervisor per host; cf. ejabberd_gen_mod_sup
Process:  `gen_mod_sup`, permanent, under xmppd.sup, after all that modules register with, before the listeners
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import supervisor
from otp.stdlib.child_spec import ChildSpec, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd import gen_mod, gen_mod_config, gen_mod_server, gen_mod_service
from xmppd.config.schema import Config
from xmppd.gen_mod import Mod
from xmppd.store import store

NAME = "gen_mod_sup"


class GenModSup(Supervisor):
    """One supervisor for each host."""

    def init(self, config: Config) -> Any:
        """The children."""
        flags = SupFlags(Strategy.ONE_FOR_ONE, intensity=10, period=10.0)
        return flags, [_host_spec(config, host) for host in config.hosts]


class HostSup(Supervisor):
    """The modules of one host, in the order of their dependencies."""

    def init(self, config: Config, host: str) -> Any:
        """The children."""
        return SupFlags(Strategy.ONE_FOR_ONE, intensity=10, period=10.0), _specs(config, host)


async def start_link(config: Config) -> Pid | None:
    """Starts the modules of all hosts of the configuration."""
    return await supervisor.start_link(GenModSup, config, name=NAME)


def spec(config: Config) -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec(NAME, (start_link, (config,)), shutdown="infinity", type="supervisor")


def _host_spec(config: Config, host: str) -> ChildSpec:
    start = (supervisor.start_link, (HostSup, config, host), {"name": sup_name(host)})
    return ChildSpec(sup_name(host), start, shutdown="infinity", type="supervisor")


def sup_name(host: str) -> str:
    """The registered name of a host's supervisor."""
    return f"{NAME}@{host}"


def mods_of(config: Config, host: str) -> list[Mod]:
    """The modules of a host with their options, in the order of starting. Raises ModError."""
    given = config.modules_of(host)
    return [_mod(config, host, name, given[name]) for name in gen_mod_config.in_order(given)]


def mod_of(config: Config, host: str, name: str) -> Mod:
    """One module of a host with its options. Raises KeyError if the host has none of this name; ModError."""
    return _mod(config, host, name, config.modules_of(host)[name])


def _mod(config: Config, host: str, name: str, given: Mapping[str, Any]) -> Mod:
    options = gen_mod_config.options_of(name, given)
    return Mod(name, host, options, config, gen_mod_service.domain_of(name, host, given))


def _specs(config: Config, host: str) -> list[ChildSpec]:
    return [child for mod in mods_of(config, host) for child in gen_mod_server.specs(mod)]


async def start_mod(mod: Mod) -> None:
    """Starts one module more on its host, with its own processes and its tables."""
    await store.migrate((gen_mod.schema(mod.name),))
    for child in gen_mod_server.specs(mod):
        await supervisor.start_child(sup_name(mod.host), child)


async def stop_mod(mod: Mod) -> None:
    """Stops a module of a host and forgets its children, the last started first."""
    for child in reversed(gen_mod_server.specs(mod)):
        await supervisor.terminate_child(sup_name(mod.host), child.id)
        await supervisor.delete_child(sup_name(mod.host), child.id)


async def reload(old: Config, new: Config) -> list[str]:
    """Makes the modules of running hosts those of `new`; returns what was done, in words. Raises ModError before
    anything is changed. Sessions go on.
    """
    plans = {host: (_by_name(old, host), _by_name(new, host)) for host in old.hosts if host in new.hosts}
    done: list[str] = []
    for host, (before, after) in plans.items():
        if process.whereis(sup_name(host)) is None:
            continue
        for name in reversed(list(before)):
            if name not in after or _differs(before[name], after[name]):
                await stop_mod(before[name])
                done.append(f"stopped {name} of {host}")
        for name in after:
            if name not in before or _differs(before[name], after[name]):
                await start_mod(after[name])
                done.append(f"started {name} of {host}")
    return done


def running(config: Config, module: str) -> list[Mod]:
    """The modules, on all hosts, whose file is the Python module `module`."""
    hosts = [host for host in config.hosts if process.whereis(sup_name(host)) is not None]
    return [mod for host in hosts for mod in mods_of(config, host) if gen_mod.path_of(mod.name) == module]


async def renew(before: list[Mod], config: Config) -> list[str]:
    """Makes modules serve what their file, reloaded, declares; `before` are the modules as they ran. Where options and
    own processes are the same nothing stops for it. Gives what was done, in words. Raises ModError.
    """
    done: list[str] = []
    for old in before:
        new = _by_name(config, old.host)[old.name]
        if (new.options, new.domain) == (old.options, old.domain):
            await store.migrate((gen_mod.schema(new.name),))
            await gen_mod_server.register_again(new)
            done.append(f"registered {old.name} of {old.host} again")
        else:
            await stop_mod(old)
            await start_mod(new)
            done.append(f"restarted {old.name} of {old.host}")
    return done


def _by_name(config: Config, host: str) -> Mapping[str, Mod]:
    return {mod.name: mod for mod in mods_of(config, host)}


def _differs(before: Mod, after: Mod) -> bool:
    """What modules take from the whole configuration counts as theirs: registration, limits, administrators."""
    return _taken(before) != _taken(after)


def _taken(mod: Mod) -> tuple[object, ...]:
    config = mod.config
    if config is None:
        return mod.options, mod.domain
    return mod.options, mod.domain, config.limits, config.registration_open(mod.host), config.admins
