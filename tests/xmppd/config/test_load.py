"""test_load — the configuration as its readers meet it.

Way:  xmppd.config.load
"""

from __future__ import annotations

from pathlib import Path

import pytest

from xmppd.config.load import all_keys, load
from xmppd.config.problems import ConfigError
from xmppd.config.schema import DEFAULT_MODULES


def write(home: Path, text: str) -> Path:
    file = home / "xmppd.toml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(home: Path, text: str, **more: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(write(home, text), home, {}, **more)  # type: ignore[arg-type]
    return [str(problem).removeprefix(f"{home}/") for problem in caught.value.problems]


def test_without_a_file_localhost_is_served_on_the_loopback(tmp_path: Path) -> None:
    config = load(None, tmp_path, {})
    assert config.hosts == ("localhost",)
    assert [(li.ip, li.port, li.tls) for li in config.listen] == [
        ("127.0.0.1", 5222, "required"),
        ("127.0.0.1", 5223, "direct"),
        ("127.0.0.1", 5280, "off"),
    ]
    assert [li.optional for li in config.listen] == [False, False, True]
    assert config.store_path == tmp_path / "data/xmppd.sqlite3"
    assert not config.registration_open("localhost")
    assert tuple(config.modules_of("localhost")) == DEFAULT_MODULES
    assert config.certificate_of("localhost") is None
    assert config.worker_count >= 1


def test_the_file_in_the_home_is_found_and_one_that_is_named_must_exist(tmp_path: Path) -> None:
    write(tmp_path, 'hosts = ["one.example"]\n')
    assert load(None, tmp_path, {}).hosts == ("one.example",)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "other.toml", tmp_path, {})


def test_a_host_of_the_world_is_served_on_all_addresses(tmp_path: Path) -> None:
    write(
        tmp_path,
        'hosts = ["one.example"]\n[[listen]]\n[[listen]]\nmodule = "component"\nsecrets = {"c.x" = "s"}',
    )
    config = load(None, tmp_path, {})
    assert [(li.ip, li.port, li.tls) for li in config.listen] == [
        ("*", 5222, "required"),
        ("127.0.0.1", 5347, "off"),
    ]


def test_all_errors_come_at_once_with_line_and_suggestion(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "\n".join(
            [
                'hosts = ["localhost"]',
                "worker = 2",
                "[limits]",
                'rate = "of"',
                "resources = 0",
                "[[listen]]",
                'tls = "reqired"',
                "[[listen]]",
                "port = 70000",
                "[sotre]",
                'backend = "memory"',
            ]
        ),
    )
    assert found == [
        'xmppd.toml:2: unknown key "worker" (did you mean "workers"?)',
        'xmppd.toml:4: limits.rate must be "off", or a whole number, 1024 or more (bytes per second), '
        'not "of" (did you mean "off"?)',
        "xmppd.toml:5: limits.resources must be a whole number, 1 to 1000, not 0",
        'xmppd.toml:7: listen.1.tls must be one of "required", "optional", "direct", "off", '
        'not "reqired" (did you mean "required"?)',
        "xmppd.toml:9: listen.2.port must be a whole number, 0 to 65535, not 70000",
        'xmppd.toml:10: unknown key "sotre" (did you mean "store"?)',
    ]


def test_what_is_not_toml_names_its_line(tmp_path: Path) -> None:
    assert problems(tmp_path, 'hosts = ["a"]\nworkers = = 2\n')[0].startswith("xmppd.toml:2: not TOML: ")
    assert problems(tmp_path, 'hosts = ["a"')[0].startswith("xmppd.toml:1: not TOML: ")


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = write(tmp_path, "workers = 2\n[limits]\nresources = 3\nburst = 5000\n")
    env = {"XMPPD_WORKERS": "3", "XMPPD_LIMITS_RESOURCES": "4", "XMPPD_HOSTS": "a.x, b.x"}
    config = load(file, tmp_path, env, {"workers": "4"})
    assert (config.workers, config.limits.resources, config.limits.burst) == (4, 4, 5000)
    assert config.hosts == ("a.x", "b.x")
    assert config.origins["workers"] == "--set workers"
    assert config.origins["limits.resources"] == "XMPPD_LIMITS_RESOURCES"
    assert config.origins["limits.burst"] == f"{file}:4"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('hosts = ["localhost", "LocalHost"]', '"localhost" and "LocalHost" are one'),
        ('hosts = ["a.x", "b.x", "a.x"]', '"a.x" is there twice'),
        ('hosts = ["bücher.example", "xn--bcher-kva.example"]', '"bücher.example" and "xn--bcher-kva.example" are one'),
        ('hosts = ["a.x", "a.x."]', '"a.x" and "a.x." are one'),
        ('hosts = ["*.example"]', 'must be a domain name, not "*.example"'),
        ('hosts = ["xn--a"]', 'must be a domain name, not "xn--a"'),
        ('hosts = ["a..x"]', 'must be a domain name, not "a..x"'),
        ('hosts = ["http://a.x"]', 'must be a domain name, not "http://a.x"'),
        ('hosts = ["a.x:5222"]', 'must be a domain name, not "a.x:5222"'),
        ('hosts = ["user@a.x"]', 'must be a domain name, not "user@a.x"'),
        ('hosts = ["-a.x"]', 'must be a domain name, not "-a.x"'),
    ],
)
def test_twins_and_nonsense_among_the_hosts_are_refused(tmp_path: Path, text: str, what: str) -> None:
    (found,) = problems(tmp_path, text)
    assert found.startswith("xmppd.toml:1: hosts ")
    assert what in found


def test_the_tables_of_hosts_and_components_know_every_spelling(tmp_path: Path) -> None:
    write(
        tmp_path,
        'hosts = ["xn--bcher-kva.example"]\n[host."BÜCHER.example"]\nregistration_open = true\n'
        '[[listen]]\nmodule = "component"\nsecrets = { "gate.xn--bcher-kva.example" = "s" }\n',
    )
    config = load(None, tmp_path, {})
    assert config.hosts == ("bücher.example",)
    assert config.registration_open("bücher.example")
    assert dict(config.listen[0].secrets) == {"gate.bücher.example": "s"}


@pytest.mark.parametrize(
    "text",
    [
        'hosts = ["bücher.example"]\n[host."bücher.example"]\n[host."xn--bcher-kva.example"]\n',
        '[host."a b"]\n',
        '[[listen]]\nmodule = "component"\nsecrets = { "a.x" = "s", "A.x" = "t" }\n',
    ],
)
def test_a_table_that_means_one_domain_twice_or_none_is_refused(tmp_path: Path, text: str) -> None:
    assert any("are one" in found or "must be a domain name" in found for found in problems(tmp_path, text))


def test_a_variable_may_name_a_file_and_reach_into_lists_and_hosts(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@h/d\n", encoding="utf-8")
    env = {
        "XMPPD_STORE_BACKEND": "postgres",
        "XMPPD_STORE_URL_FILE": str(tmp_path / "url"),
        "XMPPD_LISTEN_2_PORT": "6223",
        "XMPPD_REGISTRATION_OPEN": "yes",
    }
    config = load(None, tmp_path, env)
    assert config.store.url == "postgresql://u:p@h/d"
    assert config.listen[1].port == 6223
    assert config.registration_open("localhost")


def test_bad_variables_and_flags_are_errors_of_their_own_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, tmp_path, {"XMPPD_WORKERS": "many", "XMPPD_STORE_URL_FILE": "/none"}, {"limits.rat": "1"})
    texts = [str(problem) for problem in caught.value.problems]
    assert any(text.startswith('--set limits.rat: unknown key "limits.rat" (did you mean') for text in texts)
    assert any(text.startswith("XMPPD_WORKERS: workers must be") for text in texts)
    assert any(text.startswith("XMPPD_STORE_URL_FILE: cannot be read") for text in texts)


def test_a_variable_that_sets_nothing_is_an_error_unless_it_is_anothers(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, tmp_path, {"XMPPD_LIMITS_RAT": "1", "XMPPD_TYPO": "1", "XMPPD_PORT": "5222"})
    assert [str(problem) for problem in caught.value.problems] == [
        'XMPPD_LIMITS_RAT: no key has this variable (did you mean "XMPPD_LIMITS_RATE"?)',
        'XMPPD_PORT: no key has this variable (did you mean "XMPPD_LISTEN_1_PORT"?)',
        "XMPPD_TYPO: no key has this variable",
    ]
    platform = {"XMPPD_SERVICE_HOST": "10.0.0.1", "XMPPD_PORT": "tcp://10.0.0.1:5222", "XMPPD_PORT_5222_TCP": "x"}
    assert load(None, tmp_path, {"XMPPD_HOME": "/x", "PATH": "/bin", **platform}).hosts == ("localhost",)


def test_modules_are_added_changed_and_taken_away_and_hosts_have_their_own(tmp_path: Path) -> None:
    text = "\n".join(
        [
            'hosts = ["a.x", "b.x"]',
            "[modules]",
            "mod_vcard = false",
            "mod_extra = { size = 3 }",
            '[host."b.x"]',
            "registration_open = true",
            '[host."b.x".modules]',
            "mod_extra = false",
            "mod_last = { keep = true }",
        ]
    )
    config = load(write(tmp_path, text), tmp_path, {})
    assert "mod_vcard" not in config.modules_of("a.x")
    assert config.modules_of("a.x")["mod_extra"] == {"size": 3}
    assert "mod_extra" not in config.modules_of("b.x")
    assert config.modules_of("b.x")["mod_last"] == {"keep": True}
    assert (config.registration_open("a.x"), config.registration_open("b.x")) == (False, True)


def test_module_names_and_options_are_checked_when_they_are_known(tmp_path: Path) -> None:
    known = {name: {} for name in DEFAULT_MODULES} | {"mod_ping": {"interval": 60.0, "kill": False}}
    text = "[modules]\nmod_pong = {}\nmod_ping = { intervall = 3, kill = 1, interval = 5 }\n"
    assert problems(tmp_path, text, known=known) == [
        'xmppd.toml:2: unknown module "mod_pong" (did you mean "mod_ping"?)',
        'xmppd.toml:3: unknown key "modules.mod_ping.intervall" (did you mean "interval"?)',
        "xmppd.toml:3: mod_ping.kill must be of type bool",
    ]


def test_every_key_has_words(tmp_path: Path) -> None:
    assert {"hosts", "limits.rate", "store.path", "auth.legacy_auth"} <= set(all_keys())
