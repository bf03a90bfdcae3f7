"""describe — the configuration in words: every key explained, an example file, what is in force and why.

OTP:      none; cf. prosodyctl and ejabberd's generated option reference
Way:      cli (config show, explain, example), `make docs` → [describe] → config.schema
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from typing import Any

from xmppd.config import schema
from xmppd.config.kinds import Kind, Text, suggest
from xmppd.config.load import SECTIONS
from xmppd.config.reader import default_of, env_name

HIDDEN = "(secret)"
#: the names of options of modules whose values are not shown
SECRET_OPTIONS = frozenset({"secret", "password", "token"})


@dataclass(frozen=True)
class Key:
    """One key for its reader: dotted name, default, what fits, what it means."""

    name: str
    kind: Kind
    default: Any
    doc: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return env_name(tuple(self.name.split(".")))


def known_keys() -> list[Key]:
    """Return every key there is; `listen.1.port` stands for that of any listener, `host.NAME.key` likewise."""
    owners = {"": schema.Config, **SECTIONS, "listen.1": schema.Listen, "host.NAME": schema.Host}
    return [_key(prefix, f) for prefix, owner in owners.items() for f in fields(owner) if "kind" in f.metadata]


def _key(prefix: str, declared: Field[Any]) -> Key:
    name = f"{prefix}.{declared.name}" if prefix else declared.name
    return Key(name, declared.metadata["kind"], default_of(declared), declared.metadata["doc"])


def toml(value: Any, kind: Kind | None = None) -> str:
    """Write a value as TOML; None and 0 become the word their kind has for them ("off", "auto")."""
    word = getattr(kind, "word", "")
    if word and value == getattr(kind, "word_value", None):
        return f'"{word}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml(str(name))} = {toml(item)}" for name, item in value.items())
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def explain(name: str, config: schema.Config) -> str:
    """Explain one key, or all of a section: meaning, what fits, default, variable, value, who set it.

    Raises KeyError with a suggestion for a name that is none.
    """
    wanted = name.strip("[]")
    names = [key.name for key in known_keys()]
    found = [key for key in known_keys() if key.name == _general(wanted) or key.name.startswith(_general(wanted) + ".")]
    if not found:
        raise KeyError(f'no key "{wanted}"{suggest(wanted, names)}')
    return "\n\n".join(_explained(key, wanted, config) for key in found)


def _general(name: str) -> str:
    """Return the name under which a key of a list or host is documented: `listen.2.port` is `listen.1.port`."""
    parts = name.split(".")
    if parts[0] == "listen":
        return ".".join(["listen", "1", *[p for p in parts[1:] if not p.isdigit()]])
    if parts[0] == "host" and len(parts) > 1:
        return ".".join(["host", "NAME", *parts[-1:]]) if len(parts) > 2 else "host.NAME"
    return name


def _explained(key: Key, wanted: str, config: schema.Config) -> str:
    name = wanted if _general(wanted) == key.name else key.name
    lines = [
        f"{name}",
        *textwrap.wrap(key.doc, 88, initial_indent="  ", subsequent_indent="  "),
        f"  takes    {key.kind.words}",
        f"  default  {toml(key.default, key.kind)}"
        if key.default is not None or _word(key.kind)
        else "  default  unset",
        f"  variable {env_name(tuple(name.split('.')))}",
    ]
    value = dict(in_force(config)).get(name)
    if value is not None:
        lines.append(f"  now      {value}   set by {config.origins.get(name, 'default')}")
    return "\n".join(lines)


def _word(kind: Kind) -> str:
    return str(getattr(kind, "word", ""))


@dataclass(frozen=True)
class SettingRow:
    """One key with its value in force: plain data and as TOML, and who set it. Secrets are not shown."""

    name: str
    value: Any
    text: str
    origin: str


def rows(config: schema.Config) -> list[SettingRow]:
    """Return each key with its value in force."""
    found = [*_values("", config)]
    for name in SECTIONS:
        found += _values(name, getattr(config, name))
    for number, listen in enumerate(config.listen, 1):
        found += _values(f"listen.{number}", listen)
    for host, own in config.host.items():
        found += _values(f"host.{host}", own)
    for module, options in config.modules.items():
        open_ = without_secrets(options)
        found.append((f"modules.{module}", open_, toml(open_)))
    return [SettingRow(name, value, text, config.origins.get(name, "default")) for name, value, text in found]


def without_secrets(value: Any) -> Any:
    """The options of a module as they may be shown: what stands under the name of a secret is hidden."""
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if name in SECRET_OPTIONS and isinstance(one, str) else without_secrets(one)
            for name, one in value.items()
        }
    return [without_secrets(one) for one in value] if isinstance(value, list | tuple) else value


def in_force(config: schema.Config) -> Iterator[tuple[str, str]]:
    """Return each key with its value in force as TOML; secrets are not shown."""
    return ((row.name, row.text) for row in rows(config))


def _values(prefix: str, owner: Any) -> Iterator[tuple[str, Any, str]]:
    for declared in fields(owner):
        if "kind" not in declared.metadata:
            continue
        kind, value = declared.metadata["kind"], getattr(owner, declared.name)
        name = f"{prefix}.{declared.name}" if prefix else declared.name
        if value is None and not _word(kind):
            continue
        shown = _hidden(kind, value)
        yield name, _plain(kind, shown), toml(shown, kind)


def _hidden(kind: Kind, value: Any) -> Any:
    inner = getattr(kind, "of", kind)
    if isinstance(inner, Text) and inner.secret and value:
        return dict.fromkeys(value, HIDDEN) if isinstance(value, Mapping) else HIDDEN
    return value


def _plain(kind: Kind, value: Any) -> Any:
    """Return a value as JSON has it, as it may stand in the file: the word for None or 0 that its kind has."""
    if _word(kind) and value == getattr(kind, "word_value", None):
        return _word(kind)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def show(found: Sequence[SettingRow], notes: Mapping[str, str] | None = None) -> str:
    """Return rows as text, one a line, with who set each; `notes` adds words, by key."""
    notes = notes or {}
    width = max(len(row.name) for row in found)
    lines = []
    for row in found:
        words = [row.origin] if row.origin != "default" else []
        words += [notes[row.name]] if row.name in notes else []
        said = f"   # {'; '.join(words)}" if words else ""
        lines.append(f"{row.name:<{width}} = {row.text}{said}")
    return "\n".join(lines)


def example() -> str:
    """Return an example file: every key with its default, commented out, and its words above."""
    head = "# xmppd.toml: every key with its default. Nothing here is needed; uncomment what you change.\n"
    parts = [head, *(_example_key(_key("", f)) for f in fields(schema.Config) if "kind" in f.metadata)]
    without = "without any: 5222 (STARTTLS), 5223 (TLS), 5280 (HTTP)"
    parts.append(f"\n# a listener; as many as you like; {without}\n#[[listen]]\n")
    parts += [_example_key(_key("", f)) for f in fields(schema.Listen) if "kind" in f.metadata]
    for name, owner in SECTIONS.items():
        parts.append(f"\n[{name}]\n")
        parts += [_example_key(_key("", f)) for f in fields(owner)]
    parts.append("\n[modules]\n# mod_x = { option = value } adds or changes, mod_x = false takes away\n")
    parts += [f"#{name} = {'false' if name in schema.OPTIONAL else '{}'}\n" for name in schema.ALL_MODULES]
    parts.append('\n# a host with a certificate or modules of its own\n#[host."example.org"]\n')
    parts += [_example_key(_key("", f)) for f in fields(schema.Host) if "kind" in f.metadata]
    parts.append('#[host."example.org".modules]\n#mod_register = false\n')
    parts.append(
        '# a host for guests only, without accounts\n#[host."guest.example.org".modules]\n#mod_anonymous = {}\n'
    )
    return "".join(parts)


def _example_key(key: Key) -> str:
    words = "".join(f"# {line}\n" for line in textwrap.wrap(key.doc, 100))
    default = "true" if key.default is None and not _word(key.kind) else toml(key.default, key.kind)
    return f"{words}#{key.name} = {default}\n"
