"""sup — the server as a tree: every part of it, in the order in which they start.

OTP:      supervisor (one_for_one); cf. ejabberd_sup.erl
Way:      app → [sup] → all the rest
Process:  `xmppd_sup`, one per worker, started by the application
"""

from __future__ import annotations

from collections.abc import Mapping

from otp.erts.pid import Pid
from otp.stdlib import supervisor
from otp.stdlib.child_spec import ChildSpec, StartCall, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd import commands, gen_mod, gen_mod_sup, listeners
from xmppd.admin import worker_commands
from xmppd.auth import auth, tables
from xmppd.config.schema import Config
from xmppd.net import tls_server
from xmppd.net.listener_sup import ListenerSup
from xmppd.net.receiver_sup import ReceiverSup
from xmppd.routing import hooks, iq, router, undelivered
from xmppd.routing.account import account, accounts
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.schema import Schema
from xmppd.store.store import StoreConfig
from xmppd.stream.c2s_sup import C2sSup
from xmppd.stream.service_sup import ServiceSup

NAME = "xmppd_sup"


class XmppdSup(Supervisor):
    """All parts, in order: each needs those above it; the listeners start last, and stop first."""

    def init(self, config: Config, fds: Mapping[str, int]) -> tuple[SupFlags, list[ChildSpec]]:
        """One list; TLS only where a listener has it."""
        tls = listeners.tls_contexts(config)
        undelivered.begin()
        account.begin()
        commands.use(worker_commands)
        return SupFlags(Strategy.ONE_FOR_ONE, 10, 10.0), [
            hooks.spec(),
            ChildSpec("store", StartCall(store.start_link, (store_config(config), schemas(config))), shutdown=30.0),
            ChildSpec("auth", StartCall(auth.start_link, (config.auth.iterations,))),
            router.spec(config.hosts),
            iq.spec(),
            sm.spec(config.limits.resources),
            accounts.spec(),
            supervisor.spec(C2sSup, name="c2s_sup"),
            supervisor.spec(ReceiverSup, name="receiver_sup"),
            supervisor.spec(ServiceSup, name="service_sup"),
            gen_mod_sup.spec(config),
            *([ChildSpec("tls", StartCall(tls_server.start_link, (tls,)))] if tls is not None else []),
            supervisor.spec(ListenerSup, listeners.listener_specs(config, tls, fds), name="listener_sup"),
        ]


def schemas(config: Config) -> tuple[Schema, ...]:
    """All tables of this server: of the accounts and of the modules. Raises ModError."""
    return tables.SCHEMA, *gen_mod.schemas(config)


def store_config(config: Config) -> StoreConfig:
    """`[store]` as the store wants it."""
    chosen = config.store
    path = chosen.url if chosen.backend == "postgres" else str(config.store_path)
    return StoreConfig(backend=chosen.backend, path=path, pool=chosen.pool, durability=chosen.durability)


async def start_link(config: Config, fds: Mapping[str, int] | None = None) -> Pid | None:
    """Start the whole server; `fds` are the inherited sockets of `config.listen` by Listen.name; without one it
    is bound here."""
    return await supervisor.start_link(XmppdSup, config, dict(fds or {}), name=NAME)
