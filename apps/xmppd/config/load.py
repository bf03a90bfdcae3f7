"""load — reads the configuration once, at boot: TOML, environment and flags in, a `Config` out.

OTP:      sys.config and init's reading of it; cf. ejabberd_config.erl
Way:      cli, node.parent → [load] → a frozen Config in the application's environment

No file is needed: without one the server serves `localhost` on the loopback, ports 5222 (STARTTLS demanded)
and 5223 (TLS from the first byte), and tells monitoring programs how it is, at port 5280 (HTTP). The
loopback, because a server that nobody has configured should not be reachable by the network with a
certificate nobody can check; as soon as a host other than localhost is named, c2s listeners without an
`ip` take all addresses. All errors come at once, in one `ConfigError`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from xmppd.config import schema
from xmppd.config.checks import check
from xmppd.config.kinds import refuse_twins, suggest
from xmppd.config.lines import key_lines
from xmppd.config.planned import PLANNED
from xmppd.config.problems import ConfigError, Problem
from xmppd.config.reader import PREFIX, SectionReader, dotted, env_name

FILE_NAME = "xmppd.toml"
SECTIONS: Mapping[str, type] = {
    "registration": schema.Registration,
    "limits": schema.LimitsSection,
    "store": schema.StoreSection,
    "sm": schema.SmSection,
    "tls": schema.TlsSection,
    "auth": schema.AuthSection,
    "log": schema.LogSection,
    "node": schema.NodeSection,
    "keepalive": schema.KeepaliveSection,
}
# Variables that steer the commands, not the configuration.
COMMAND_VARIABLES = frozenset({"XMPPD_HOME", "XMPPD_CONFIG", "XMPPD_COMMAND", "XMPPD_FOREGROUND", "XMPPD_CRASH_AT"})
# Variables that are not ours although they begin so: a container platform's for a service of this name, our tests'.
FOREIGN = re.compile(r"XMPPD_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP)|TEST_|ORACLE)")
DEFAULT_LISTEN: tuple[Mapping[str, Any], ...] = ({"tls": "required"}, {"tls": "direct"}, {"module": "http"})
#: of what is no listener for clients
PORTS: Mapping[str, int] = {"component": 5347, "http": 5280}
_LISTEN = tuple(f for f in fields(schema.Listen) if "kind" in f.metadata)
Known = Mapping[str, Mapping[str, Any]]


def load(
    path: Path | str | None,
    home: Path | str,
    env: Mapping[str, str],
    flags: Mapping[str, str] | None = None,
    known: Known | None = None,
) -> schema.Config:
    """Return the configuration of the server whose home this is.

    `path` is the file; None means `xmppd.toml` in the home if there is one, else no file. `flags` are
    `--set` values by dotted name. `known` names the modules there are, each with its options and their
    defaults; None leaves the modules unchecked; one with a dot in its name is of another package.
    Raises ConfigError with every problem: unknown keys, wrong types, unreadable files, contradictions.
    """
    home = Path(os.path.abspath(home))
    file = Path(path).absolute() if path is not None else _found(home / FILE_NAME)
    text = _read(file) if file is not None else ""
    document = _parse(text, str(file))
    reader = SectionReader(str(file or "configuration"), key_lines(text), env, flags or {})
    values = _server(reader, document, known)
    config = schema.Config(paths=schema.Paths(home, file), origins=reader.origins, **values)
    _unused(reader, config)
    check(config, reader)
    if reader.problems:
        raise ConfigError(sorted(dict.fromkeys(reader.problems), key=lambda p: (p.where, p.line)))
    return config


def _found(path: Path) -> Path | None:
    return path if path.is_file() else None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # editors of another system begin with a mark
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise ConfigError([Problem(str(file), 0, f"cannot be read: {reason}")]) from None


def _parse(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words, _, place = str(error).rpartition(" (at ")
        digits = "".join(c for c in place.partition(",")[0] if c.isdigit())
        line = int(digits) if digits else len(text.splitlines())
        raise ConfigError([Problem(file, line, f"not TOML: {words or error}")]) from None


def _server(reader: SectionReader, document: Mapping[str, Any], known: Known | None) -> dict[str, Any]:
    also = ["listen", "host", "modules", *SECTIONS]
    values = reader.section(schema.Config, (), document, also)
    for name, owner in SECTIONS.items():
        values[name] = owner(**reader.section(owner, (name,), document.get(name)))
    values["modules"] = _modules(reader, ("modules",), document.get("modules"), None, known)
    values["host"] = _hosts(reader, document.get("host"), values["modules"], known)
    local = all(host == "localhost" or host.endswith(".localhost") for host in values["hosts"])
    values["listen"] = _listeners(reader, document.get("listen"), local)
    return values


def _listeners(reader: SectionReader, raw: object, local: bool) -> tuple[schema.Listen, ...]:
    ours = raw is None
    if ours:
        raw = list(DEFAULT_LISTEN[:1] if _only_the_first(reader) else DEFAULT_LISTEN)
    if not isinstance(raw, list):
        reader.problem(("listen",), "listen must be a list of tables: [[listen]]")
        return ()
    found = tuple(_listener(reader, ("listen", index), item, local) for index, item in enumerate(raw))
    return tuple(replace(one, optional=True) if ours and one.module == "http" else one for one in found)


def _only_the_first(reader: SectionReader) -> bool:
    """Whether a port was given from outside to the first of the listeners that nobody has configured, and nothing was
    said of the others: somebody who wants one listener at a port of his own does not want another at 5223."""
    others = tuple(name(("listen", index, "")) for index in (1, 2) for name in (dotted, env_name))
    said = any(name.startswith(others) for name in (*reader.flags, *reader.env))
    return reader.outside(("listen", 0, "port")) is not None and not said


def _listener(reader: SectionReader, path: tuple[str | int, ...], raw: object, local: bool) -> schema.Listen:
    values = reader.section(schema.Listen, path, raw)
    table = reader.table(path, raw)
    module = values["module"]

    def said(name: str) -> bool:
        return name in table or reader.outside((*path, name)) is not None

    if not said("ip"):
        values["ip"] = "127.0.0.1" if module != "c2s" or local else schema.ANY_ADDRESS
    if not said("tls"):
        values["tls"] = "required" if module == "c2s" else "off"
    if not said("port"):
        values["port"] = PORTS.get(module) or (5223 if values["tls"] == "direct" else 5222)
    return schema.Listen(**values)


def _modules(
    reader: SectionReader, path: tuple[str, ...], raw: object, base: Mapping[str, Any] | None, known: Known | None
) -> dict[str, Mapping[str, Any]]:
    """Overlay a `[modules]` table: `mod_x = {options}` or true adds, false takes away."""
    modules: dict[str, Mapping[str, Any]] = dict(base if base is not None else {m: {} for m in schema.DEFAULT_MODULES})
    for name, options in reader.table(path, raw).items():
        if known is not None and name not in known and "." not in name:
            reader.problem((*path, name), _unknown_module(name, known))
        elif options is False:
            modules.pop(name, None)
            reader.place((*path, name))
        elif options is True or isinstance(options, Mapping):
            modules[name] = {} if options is True else options
            reader.place((*path, name))
            _options(reader, (*path, name), modules[name], known)
        else:
            reader.problem((*path, name), f"{name} must be a table of options, true or false")
    return modules


def _unknown_module(name: str, known: Known) -> str:
    if name in PLANNED:
        return f'there is no "{name}" yet: the README says what is there'
    bare = {found.removeprefix("mod_"): found for found in known}
    near = suggest(name.removeprefix("mod_"), list(bare))
    return f'unknown module "{name}"' + (near.replace('"', '"mod_', 1) if near else f"; there are {', '.join(known)}")


def _options(reader: SectionReader, path: tuple[str, ...], options: Mapping[str, Any], known: Known | None) -> None:
    if known is None or path[-1] not in known:
        return
    defaults = known[path[-1]]
    reader.unknown(path, options, list(defaults))
    for name, value in options.items():
        wanted = type(defaults[name]) if defaults.get(name) is not None else None
        fits = wanted is None or isinstance(value, (int, float) if wanted is float else wanted)
        if wanted in (tuple, frozenset, set):
            fits = isinstance(value, list)
        if wanted is not None and (not fits or (wanted is not bool and isinstance(value, bool))):
            words = "a list" if wanted in (tuple, frozenset, set) else f"of type {wanted.__name__}"
            reader.problem((*path, name), f"{path[-1]}.{name} must be {words}")


def _hosts(
    reader: SectionReader, raw: object, modules: Mapping[str, Any], known: Known | None
) -> dict[str, schema.Host]:
    found: dict[str, schema.Host] = {}
    if isinstance(raw, list | str):
        reader.problem(("host",), 'host must be a table: [host."NAME"] (did you mean "hosts"?)')
        return {}
    for name, table in reader.table(("host",), raw).items():
        path = ("host", name)
        try:
            meant = str(schema.DOMAIN.parse(name))
            refuse_twins([*found, name], [*found, meant])
        except ValueError as error:
            reader.problem(path, f"host {error}")
            continue
        values = reader.section(schema.Host, path, table, ["modules"])
        inner = reader.table(path, table).get("modules")
        own = _modules(reader, (*path, "modules"), inner, modules, known)
        found[meant] = schema.Host(**values | {"name": meant, "modules": own})
    return found


def _unused(reader: SectionReader, config: schema.Config) -> None:
    """Note the flags and variables that set nothing."""
    keys = [*all_keys(), *(f"listen.{n}.{f.name}" for n in range(1, len(config.listen) + 1) for f in _LISTEN)]
    for name in reader.flags:
        if name not in reader.used:
            reader.problems.append(Problem(f"--set {name}", 0, f'unknown key "{name}"{suggest(name, keys)}'))
    taken = reader.used | COMMAND_VARIABLES
    variables = [env_name(tuple(key.split("."))).removeprefix(PREFIX).lower() for key in keys]
    for name, value in sorted(reader.env.items()):
        if name.startswith(PREFIX) and name not in taken and not _is_foreign(name, value):
            near = suggest(name.removeprefix(PREFIX).lower(), variables)
            near = near and f' (did you mean "{PREFIX}{near.split(chr(34))[1].upper()}"?)'
            reader.problems.append(Problem(name, 0, f"no key has this variable{near}"))


def _is_foreign(name: str, value: str) -> bool:
    return bool(FOREIGN.match(name)) or (name == "XMPPD_PORT" and "://" in value)


def all_keys() -> list[str]:
    """Return the dotted names of all scalar keys outside lists."""
    top = [f.name for f in fields(schema.Config) if "kind" in f.metadata]
    inner = [f"{name}.{f.name}" for name, owner in SECTIONS.items() for f in fields(owner)]
    return [*top, *inner]
