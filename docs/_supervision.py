"""_supervision — the page of the supervision trees, as the supervisors' own init functions give them."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _md import page, path_of, table, words_of

from otp.kernel.kernel_app import KernelSup
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd import gen_mod_server, gen_mod_sup, mods
from xmppd.config.load import load
from xmppd.config.schema import Config
from xmppd.gen_mod import Mod
from xmppd.gen_mod_sup import GenModSup
from xmppd.node.parent_state import Parent
from xmppd.parent_sup import ParentSup
from xmppd.sup import XmppdSup

HOME = Path(tempfile.gettempdir()) / "xmppd-docs-home"


def supervision_page() -> str:
    """The trees as the supervisors' own init functions give them, for the default configuration with two workers."""
    config = load(None, HOME, {}, {"workers": "2"})
    with contextlib.ExitStack() as unbound:  # sockets that are never bound stand for those of the workers
        sockets = [[unbound.enter_context(socket.socket()) for _ in range(2)] for _ in config.listen]
        trees = list(_tree("parent_sup", ParentSup(), (Parent(config, None, {}, sockets),)))
    env = {"run_dir": HOME, "cookie": b"", "nodes": ("main", "w1", "w2")}
    parts = [
        "## The parent (node `main`)\n\n",
        *trees,
        "## A worker (nodes `w1` … `wN`)\n\n",
        *_tree("xmppd_sup", XmppdSup(), (_without_tls(config), {})),
        "## Every node\n\n",
        *_tree("kernel_sup", KernelSup(), (env,)),
    ]
    words = """
What the supervisors' `init` functions give for the default configuration, in the order of starting; the way down is
the reverse. `permanent` children are started again whenever they end, `transient` ones when they crash, `temporary`
ones never. A supervisor that restarts more often than its intensity allows ends itself, and the one above it decides.
The live tree, with restarts and mailbox lengths: `./rel/xmppd tree`. Listeners with TLS add the child `tls`
(`apps/xmppd/net/tls_server.py`) before `listener_sup`."""
    return page("Supervision", words, *parts)


def _without_tls(config: Config) -> Config:
    plain = tuple(dataclasses.replace(listen, tls="off") for listen in config.listen)
    return dataclasses.replace(config, listen=plain)


def _tree(name: str, module: Any, args: tuple[Any, ...]) -> Iterator[str]:
    flags, specs = module.init(*args)
    path = path_of(type(module).__module__)
    yield f"### {name}\n\n`{path}:{type(module).__name__}`: {inspect.getdoc(module)} {_flags(flags)}\n\n"
    rows = [(f"`{s.id}`", f"`{_file(s)}`", s.restart.value, _shutdown(s), _words(s)) for s in specs]
    yield table(("child", "file", "restart", "shutdown", "what it is"), rows)
    for spec in specs:
        yield from _below(spec)


def _flags(flags: SupFlags) -> str:
    said = f"Strategy {flags.strategy.value}, at most {flags.intensity} restarts in {flags.period:g} s."
    auto = flags.auto_shutdown.value
    return said if auto == "never" else f"{said} Auto-shutdown: {auto}."


def _shutdown(spec: ChildSpec) -> str:
    return f"{spec.shutdown:g} s" if isinstance(spec.shutdown, int | float) else str(spec.shutdown)


def _callback(spec: ChildSpec) -> tuple[type | None, str, tuple[Any, ...]]:
    """(callback class if the spec names it, module that says what the child is, the arguments of its start)."""
    fn, args = spec.call.fn, spec.call.args
    if fn is gen_mod_sup.start_link:
        return GenModSup, GenModSup.__module__, args
    if args and isinstance(args[0], type):
        return args[0], args[0].__module__, args[1:]
    mod = next((a for a in args if isinstance(a, Mod)), None)
    own_file = mod is not None and fn is gen_mod_server.start_link
    return None, f"{mods.__name__}.{mod.name}" if own_file and mod is not None else fn.__module__, args


def _file(spec: ChildSpec) -> str:
    return path_of(_callback(spec)[1])


def _words(spec: ChildSpec) -> str:
    cls, _, _ = _callback(spec)
    significant = " Significant: its end ends its supervisor." if spec.significant else ""
    if cls is not None and issubclass(cls, Supervisor):
        return f"{inspect.getdoc(cls)}{significant}"
    return words_of(_file(spec)) + significant


def _below(spec: ChildSpec) -> Iterator[str]:
    cls, _, args = _callback(spec)
    if cls is not None and issubclass(cls, Supervisor):
        yield from _tree(str(spec.id), cls(), args)
