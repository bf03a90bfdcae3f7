"""test_load__wrong_input — every key there is, given every sort of wrong value: named, placed, explained.

Way:  xmppd.config.load
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xmppd.config import describe, load
from xmppd.config.describe import Key
from xmppd.config.kinds import Flag, Many, Number, OneOf, Pairs, Seconds, Text
from xmppd.config.problems import ConfigError
from xmppd.config.reader import env_name

KEYS = {key.name: key for key in describe.known_keys()}
#: the line at which `written` puts the key
LINE = 3


def written(name: str, value: Any, spelled: str = "") -> str:
    """A file whose third line sets a key."""
    *section, last = name.split(".")
    head = {"listen": "[[listen]]", "host": '[host."localhost"]'}.get(section[0] if section else "", "")
    head = head or (f"[{section[0]}]" if section else "# top level")
    return f"# a comment\n{head}\n{spelled or last} = {describe.toml(value)}\n"


def wrong_values(key: Key) -> Iterator[tuple[Any, str]]:
    """Values of a wrong type or beyond a bound, each with a word that the error must hold."""
    kind = key.kind
    if not isinstance(kind, Pairs):
        yield {"a": 1}, "must be"
    match kind:
        case Flag():
            yield from (("true", "without quotes"), (1, "true or false"), ([True], "true or false"))
        case Number():
            yield from ((str(max(kind.low, 1)), "without quotes"), (True, "whole number"), (1.5, "whole number"))
            yield from ((kind.low - 1, str(kind.low)), ([kind.low], "whole number"), ("zzz", "whole number"))
            if kind.high < 2**31 - 1:
                yield kind.high + 1, str(kind.high)
            if kind.word:
                yield kind.word + "x", f'did you mean "{kind.word}"'
        case Seconds():
            yield from (("1", "seconds"), (kind.low - 1, f"{kind.low:g}"), (kind.high + 1, f"{kind.high:g}"))
        case OneOf(options):
            yield from ((options[0] + "x", f'did you mean "{options[0]}"'), (options[0].upper() + "#", "one of"))
            yield from ((3, "one of"), ([options[0]], "one of"), ("", "one of"))
        case Many():
            yield from (("x", "in brackets"), (3, "a list"))
            yield from (
                ([3], "must be"),
                ([{}], "must be"),
                ([""], "must be"),
                *([([], "at least")] if kind.low else []),
            )
        case Pairs():
            yield from (("x", "a table"), (["x"], "a table"))
        case Text():
            yield from ((3, "must be"), (True, "must be"), ([], "must be"))
            if not kind.empty:
                yield "", "must be"


CASES = [(name, value, word) for name, key in KEYS.items() for value, word in wrong_values(key)]


def problems(
    folder: Path, text: str, env: dict[str, str] | None = None, flags: dict[str, str] | None = None
) -> list[str]:
    file = folder / "x.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load.load(file, folder, env or {}, flags)
    return [str(problem) for problem in caught.value.problems]


def full(name: str) -> str:
    """The name as errors have it."""
    return name.replace("host.NAME", "host.localhost")


@pytest.mark.parametrize(("name", "value", "word"), CASES)
def test_a_wrong_value_is_named_with_its_line_and_what_fits(tmp_path: Path, name: str, value: Any, word: str) -> None:
    text = written(name, value)
    tomllib.loads(text)
    found = [line for line in problems(tmp_path, text) if line.startswith(f"{tmp_path}/x.toml:{LINE}: {full(name)} ")]
    assert len(found) == 1, problems(tmp_path, text)
    assert word in found[0]


@pytest.mark.parametrize("name", KEYS)
def test_a_misspelt_key_is_told_with_the_right_one(tmp_path: Path, name: str) -> None:
    last = name.rpartition(".")[2]
    found = problems(tmp_path, written(name, "x", f"{last}x"))
    assert any(
        line.startswith(f'{tmp_path}/x.toml:{LINE}: unknown key "{full(name)}x"') and f'did you mean "{last}"?' in line
        for line in found
    ), found


@pytest.mark.parametrize("section", [*load.SECTIONS, "listen", "host", "modules"])
@pytest.mark.parametrize("value", ['"x"', "3", "[1]"])
def test_a_section_that_is_no_table(tmp_path: Path, section: str, value: str) -> None:
    (found, *_) = problems(tmp_path, f"\n\n{section} = {value}\n")
    assert found.startswith(f"{tmp_path}/x.toml:3: {section}")
    assert "must be a table" in found or "must be a list of tables" in found
    assert "[" in found


def test_a_key_far_from_all_is_told_with_those_there_are(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "[limits]\nzzzzzz = 1\n")
    assert "there are rate, burst," in found
    (found,) = problems(tmp_path, "[limits]\nrate_limit = 5\n")
    assert 'did you mean "rate"?' in found


@pytest.mark.parametrize("name", [name for name in KEYS if "NAME" not in name])
def test_from_outside_the_variable_or_flag_is_named(tmp_path: Path, name: str) -> None:
    kind = KEYS[name].kind
    if isinstance(kind, Text) and kind.check is None:
        return  # any text fits
    text = "[[listen]]\n" if name.startswith("listen") else ""
    bad = "{ x" if isinstance(kind, Pairs) else "[ x" if isinstance(kind, Many) else "no such value /"
    variable = env_name(tuple(name.split(".")))
    assert any(line.startswith(f"{variable}: {name} ") for line in problems(tmp_path, text, {variable: bad}))
    assert any(line.startswith(f"--set {name}: {name} ") for line in problems(tmp_path, text, flags={name: bad}))
    assert any(
        line.startswith(f"--set {name}x: unknown key") and f'did you mean "{name}"?' in line
        for line in problems(tmp_path, text, flags={f"{name}x": "1"})
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('host = ["club.example"]', 'host must be a table: [host."NAME"] (did you mean "hosts"?)'),
        ("hosts = 'a.x'", 'hosts must be a list, each a domain name, not "a.x" (in brackets: ["a.x"])'),
        ("tls.min_version = 1.2", 'tls.min_version must be one of "1.2", "1.3", not 1.2 (with quotes: "1.2")'),
        ("modules.mod_ping = 3", "mod_ping must be a table of options, true or false"),
    ],
)
def test_some_in_full(tmp_path: Path, text: str, said: str) -> None:
    assert problems(tmp_path, text + "\n") == [f"{tmp_path}/x.toml:1: {said}"]


def test_all_wrong_hosts_are_named(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, 'hosts = ["ok ok", "fine.example", "a/b", ""]\n')
    assert all(f'"{wrong}"' in found for wrong in ("ok ok", "a/b", ""))
    assert "fine" not in found


def test_secrets_are_never_in_an_error(tmp_path: Path) -> None:
    text = '[[listen]]\nmodule = "component"\nsecrets = { "a.example" = ["hush"], "b c" = "hush" }\n'
    assert not [line for line in problems(tmp_path, text) if "hush" in line]


@pytest.mark.parametrize(
    "text", ['["a.example", "b.example"]', "a.example, b.example", " [ 'a.example','b.example', ] "]
)
def test_lists_from_outside_are_taken_as_in_the_file(tmp_path: Path, text: str) -> None:
    assert load.load(None, tmp_path, {"XMPPD_HOSTS": text}).hosts == ("a.example", "b.example")
    secrets = {"listen.1.module": "component", "listen.1.secrets": '{ "c.example" = "x" }', "listen.1.tls": "off"}
    assert load.load(None, tmp_path, {}, secrets).listen[0].secrets == {"c.example": "x"}


def test_a_byte_order_mark_is_taken(tmp_path: Path) -> None:
    (tmp_path / "xmppd.toml").write_bytes(b"\xef\xbb\xbfworkers = 3\n")
    assert load.load(None, tmp_path, {}).workers == 3


def test_one_listener_where_one_port_is_given(tmp_path: Path) -> None:
    def ports(**flags: str) -> list[int]:
        given = {name.replace("_", "."): value for name, value in flags.items()}
        return [listen.port for listen in load.load(None, tmp_path, {}, given).listen]

    assert ports() == [5222, 5223, 5280]
    assert ports(listen_1_port="0") == [0]
    assert ports(listen_1_port="0", listen_2_port="0") == [0, 0, 5280]
    assert ports(listen_1_port="0", listen_3_port="0") == [0, 5223, 0]
    assert ports(listen_1_ip="*") == [5222, 5223, 5280]
    assert [listen.port for listen in load.load(None, tmp_path, {"XMPPD_LISTEN_1_PORT": "7"}).listen] == [7]


def test_modules_of_other_servers_are_told_apart_from_typos(tmp_path: Path) -> None:
    known = {"mod_ping": {}, "mod_time": {}}
    file = tmp_path / "x.toml"
    file.write_text("[modules]\nmod_mqtt = {}\nmod_pong = {}\nmod_zzzz = {}\n")
    with pytest.raises(ConfigError) as caught:
        load.load(file, tmp_path, {}, {}, known)
    assert [problem.text for problem in caught.value.problems] == [
        'there is no "mod_mqtt" yet: the README says what is there',
        'unknown module "mod_pong" (did you mean "mod_ping"?)',
        'unknown module "mod_zzzz"; there are mod_ping, mod_time',
    ]
