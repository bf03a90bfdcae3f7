"""server — a whole server in this process: on the loop that runs here, on free ports of the loopback, in memory.

Way:      a test → [server] → xmppd.sup
Process:  those of the server; in a program that is no node yet, the node is attached to its loop

    async with serve(modules={"acme.mod_motd": {"text": "Tea."}}) as server:
        alice = await server.client("alice")
        await alice.ask("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        await server.clock.advance(3600)

There is one server at a time in a process, since there is one node.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Unpack

from otp.erts import process, runtime
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.kernel import application
from otp.kernel.kernel_app import KernelSup
from otp.stdlib import gen, supervisor
from xmppd import gen_mod_sup, sup
from xmppd.admin import worker_commands
from xmppd.auth import auth
from xmppd.commands import Answer, CommandError
from xmppd.config.schema import Config, Host, Listen, Paths
from xmppd.gen_mod import Mod
from xmppd.net import listener
from xmppd.testing import certificate, settings
from xmppd.testing.client import Client
from xmppd.testing.clock import MovableClock, settle
from xmppd.testing.settings import Settings

PASSWORD: Final = "secret"
APP: Final = "xmppd"
_COMPONENT: Final = (
    "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='{domain}'>"
)


class Server:
    """A running server. `port` is where clients connect, `component_port` where components do, `http_port`
    the one of HTTP (0: nowhere).

    `certificate`: the PEM file that clients may trust, None without TLS. `clock`: its time.
    """

    host: Final = "127.0.0.1"

    def __init__(self, config: Config, ports: tuple[int, ...]) -> None:
        self.config = config
        self.clock = MovableClock()
        self.domain = config.hosts[0]
        by_module = {listen.module: port for listen, port in zip(config.listen, ports, strict=True)}
        self.port, self.component_port = by_module.get("c2s", 0), by_module.get("component", 0)
        self.http_port = by_module.get("http", 0)
        self.certificate = certificate.of_host(self.domain) if has_tls(config) else None
        self._open: list[Client] = []

    async def account(self, user: str, password: str = PASSWORD) -> str:
        """Make an account; returns its JID. `user`: its name, or a JID for one of another host.

        Raises xmppd.auth.auth.AccountExists, BadName, BadPassword.
        """
        local, domain = self._split(user)
        await auth.create_user(local, domain, password)
        return f"{local}@{domain}"

    async def client(self, user: str, resource: str = "", password: str = PASSWORD) -> Client:
        """A client that has logged in and bound a resource; its account is made if there is none. It has not sent
        presence yet. Raises AssertionError if it cannot log in."""
        local, domain = self._split(user)
        if not await auth.user_exists(local, domain):
            await auth.create_user(local, domain, password)
        client = await self.connect()
        if self.certificate is not None:
            await client.open(domain)
            client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            await client.expect("<proceed[^>]*>")
            await client.start_tls(domain, certificate.of_host(domain))
        await client.login(local, resource, password, domain)
        return client

    async def connect(self) -> Client:
        """A client that has connected and sent nothing. Raises OSError."""
        client = await Client.connect(self.port, self.host)
        self._open.append(client)
        return client

    async def component(self, domain: str) -> Client:
        """A component of `components` that has connected and shown its secret. Raises AssertionError, KeyError."""
        (secrets,) = (listen.secrets for listen in self.config.listen if listen.module == "component")
        client = await Client.connect(self.component_port, self.host)
        self._open.append(client)
        client.send(_COMPONENT.format(domain=domain))
        id_ = (await client.expect("<stream:stream [^>]*>")).partition(" id='")[2].partition("'")[0]
        client.send(f"<handshake>{hashlib.sha1((id_ + secrets[domain]).encode()).hexdigest()}</handshake>")
        await client.expect("<handshake ?/>")
        client.jid = domain
        return client

    async def command(self, name: str, /, **params: Any) -> Answer:
        """Call a command as `./rel/xmppd NAME` does, its parameters by their names: `value` is what --json shows,
        `text` the words that the module has for it, None without any. Raises CommandError."""
        told = await worker_commands.run(name, params)
        if "error" in told:
            raise CommandError(told["error"], told["status"])
        return Answer(told["ok"], told["text"])

    def mod(self, module: str | ModuleType, host: str = "") -> Mod:
        """A module as it is on a host (the first), which is what its functions take. Raises KeyError if it has none
        of this name."""
        return gen_mod_sup.mod_of(self.config, host or self.domain, settings.name_of(module))

    async def settle(self) -> None:
        """Return when the server is at rest, and clients here have got all that it sent to them: see clock.settle."""
        await settle()

    def drop_clients(self) -> None:
        """Break the connections that the test has left open."""
        while self._open:
            self._open.pop().drop()

    def _split(self, user: str) -> tuple[str, str]:
        local, _, domain = user.partition("@")
        return local, domain or self.domain


@contextlib.asynccontextmanager
async def serve(**chosen: Unpack[Settings]) -> AsyncIterator[Server]:
    """Run a server for as long as the block lasts; its settings are those of settings.Settings.

    Raises RuntimeError if this program has another one; what xmppd.sup raises for a configuration that cannot be.
    """
    async with serve_config(settings.config(chosen)) as server:
        yield server


@contextlib.asynccontextmanager
async def serve_config(config: Config) -> AsyncIterator[Server]:
    """serve() for a configuration that was made otherwise; a port of 0 is any free one."""
    if process.whereis(sup.NAME) is not None:
        raise RuntimeError("there is a server in this process already, and one is all it can have")
    async with contextlib.AsyncExitStack() as stack:
        if config.paths.home == settings.NOWHERE:
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="xmppd-testing-"))
            config = dataclasses.replace(config, paths=Paths(Path(home)))
        if THIS.running is None and THIS.host is None:
            await stack.enter_async_context(runtime.attach(node="xmppd"))
        if process.whereis("pg") is None:
            await supervisor.start_link(KernelSup, {})
        stack.enter_context(_told_to_commands(config))
        top = await sup.start_link(_with_certificates(config))
        assert top is not None
        stack.push_async_callback(_stop, top)
        server = Server(config, tuple([await port_of(listen) for listen in config.listen]))
        stack.callback(server.drop_clients)
        yield server


@contextlib.contextmanager
def _told_to_commands(config: Config) -> Iterator[None]:
    """Commands ask the application for its configuration; a test may have given it one of its own."""
    if application.get_env(APP, "config") is not None:
        yield
        return
    application.set_env(APP, "config", config)
    try:
        yield
    finally:
        application.forget_env(APP)


async def _stop(top: Pid) -> None:
    """End the server in order, from the listeners up."""
    if THIS.running is not None:
        process.unlink(top)
    with contextlib.suppress(CallError):  # it has ended by itself
        await gen.stop(top, "shutdown")


def has_tls(config: Config) -> bool:
    """Whether any listener has it."""
    return any(listen.tls != "off" for listen in config.listen)


def _with_certificates(config: Config) -> Config:
    """Hosts that name no certificate get the test's, which is made once for all servers of this process."""
    if not has_tls(config) or config.tls.certificate:
        return config
    hosts = dict(config.host)
    for name in config.hosts:
        own = hosts.get(name, Host(name=name, modules=config.modules))
        if not own.certificate:
            hosts[name] = dataclasses.replace(own, certificate=str(certificate.of_host(name)))
    return dataclasses.replace(config, host=hosts)


async def port_of(listen: Listen) -> int:
    """The port that a listener of the running server got."""
    sock = await listener.get_socket(f"listener:{listen.name}")
    return int(sock.getsockname()[1])
