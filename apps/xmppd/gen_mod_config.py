"""gen_mod_config — what a configuration says of modules, checked: which of them, with what options, in what order.

OTP:      cf. gen_mod's mod_options/1 and depends/2
Way:      cli.reading (config check), gen_mod_sup → [gen_mod_config] → gen_mod
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args, get_origin, get_type_hints

from xmppd import gen_mod_service
from xmppd.auth import tables
from xmppd.config.schema import Config
from xmppd.gen_mod import ModError, NoOptions, load, path_of, schema
from xmppd.pubsub import tables as pubsub_tables
from xmppd.store import migrate

#: what a list of an option is of, in words
_PLURALS: Final[Mapping[type, str]] = {str: "texts", int: "whole numbers", Mapping: "tables"}


def options_of(name: str, given: Mapping[str, Any]) -> Any:
    """The typed options of a module from its table in the configuration. Raises ModError with a suggestion."""
    cls: Any = getattr(load(name), "Options", NoOptions)
    known = {f.name: f for f in dataclasses.fields(cls)}
    also = [gen_mod_service.OPTION] if gen_mod_service.has_domain(name) else []
    given = {key: value for key, value in given.items() if key not in also}
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, [*known, *also], 1)
            hint = f', did you mean "{near[0]}"?' if near else ""
            raise ModError(f'{name} has no option "{key}"{hint}')
    hints = get_type_hints(cls)
    typed = {key: _typed(name, key, value, hints[key]) for key, value in given.items()}
    try:
        return cls(**typed)
    except (TypeError, ValueError) as error:
        raise ModError(f"{name}: {error}") from error


def _typed(name: str, key: str, value: Any, hint: Any) -> Any:
    """The value, a list of TOML as a tuple. Raises ModError, without the value where that may be a secret."""
    if get_origin(hint) is tuple:
        of = get_args(hint)[0]
        if not isinstance(value, (list, tuple)) or not all(isinstance(one, get_origin(of) or of) for one in value):
            raise ModError(
                f'{name}: option "{key}" must be a list of {_PLURALS.get(get_origin(of) or of, of.__name__)}'
            )
        return tuple(value)
    _check_type(name, key, value, hint)
    return value


def _check_type(name: str, key: str, value: Any, hint: Any) -> None:
    wanted = hint if isinstance(hint, type) else getattr(hint, "__args__", (object,))
    if get_origin(hint) is Mapping:
        wanted, hint = Mapping, dict
    if isinstance(value, bool) and wanted is not bool and wanted is not object:
        wanted = ()
    if not isinstance(value, wanted):
        raise ModError(f'{name}: option "{key}" cannot be {value!r}, it is a {getattr(hint, "__name__", hint)}')


def in_order(names: Iterable[str]) -> list[str]:
    """The modules so that each comes after those it depends on. Raises ModError if one is missing, or in a circle."""
    wanted, ordered = list(names), list[str]()
    while wanted:
        ready = [n for n in wanted if all(d in ordered for d in depends(n))]
        if not ready:
            raise ModError(_why_stuck(wanted, ordered))
        ordered += ready
        wanted = [n for n in wanted if n not in ready]
    return ordered


def depends(name: str) -> tuple[str, ...]:
    """What the module's DEPENDS says."""
    return tuple(getattr(load(name), "DEPENDS", ()))


def _why_stuck(wanted: list[str], ordered: list[str]) -> str:
    for name in wanted:
        for needed in depends(name):
            if needed not in wanted and needed not in ordered:
                return f"{name} needs {needed}, which is not among the host's modules"
    return f"modules that depend on each other in a circle: {', '.join(sorted(wanted))}"


def problems(config: Config) -> list[tuple[str, str]]:
    """What is wrong with the modules of a configuration: (key of the configuration, words); [] if nothing."""
    found: dict[tuple[str, str], None] = {}
    domains: dict[tuple[str, str], str] = {}
    for host in config.hosts:
        wanted = config.modules_of(host)
        wrong = {name: text for name, given in wanted.items() if (text := _problem(name, host, given))}
        if not wrong:
            domains |= {(host, name): gen_mod_service.domain_of(name, host, given) for name, given in wanted.items()}
            try:
                in_order(wanted)
            except ModError as error:
                wrong = {str(error).partition(" ")[0]: str(error)}
            else:
                wrong = _tables_of_two(wanted)
        for name, text in wrong.items():
            found[_key(config, host, name, text), text] = None
    served = {where: domain for where, domain in domains.items() if domain}
    for (host, name), text in gen_mod_service.taken(config, served).items():
        found[_key(config, host, name, ""), text] = None
    return list(found)


def _tables_of_two(names: Iterable[str]) -> dict[str, str]:
    """Modules that make a table of a name that another has taken, with the words for it."""
    wrong: dict[str, str] = {}
    own = (*tables.SCHEMA.shapes(), *pubsub_tables.SCHEMA.shapes(), *migrate.OWN_TABLES)
    owners = dict.fromkeys(own, "the server")
    for name in names:
        for table in schema(name).shapes():
            if (first := owners.setdefault(table, name)) != name:
                wrong[name] = f"{name}: its table {table} bears the name of one of {first}"
    return wrong


def _key(config: Config, host: str, name: str, text: str) -> str:
    """The key that is to blame: of the modules that the words name, the first one that somebody has configured."""
    names = (name, *text.replace(",", " ").split())
    keys = [f"{table}.{one}" for one in names for table in (f"host.{host}.modules", "modules")]
    return next((key for key in keys if key in config.origins), f"modules.{name}")


def _problem(name: str, host: str, given: Mapping[str, Any]) -> str:
    """Why a module cannot be had with these options, in words; "" if it can."""
    try:
        options_of(name, given)
        gen_mod_service.domain_of(name, host, given)
        wrong = migrate.problem(schema(name), path_of(name))
        return f"{name}: {wrong}" if wrong else ""
    except ModError as error:
        return str(error)
    except Exception as error:  # its file fails at its import: that is for its author, and must not end a check
        return f"{name} cannot be loaded: {type(error).__name__}: {error}"
