"""test_describe — the configuration in words.

Way:  xmppd.config.describe
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from xmppd.config.describe import example, explain, in_force, known_keys, rows, show, toml
from xmppd.config.load import load


def test_the_example_is_the_default_when_all_of_it_is_uncommented(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^#(?! )", "", example())
    text = text[: text.index("# a host with a certificate")]
    tomllib.loads(text)
    (tmp_path / "xmppd.toml").write_text(text.replace("[[listen]]", "").split("# c2s: clients")[0], encoding="utf-8")
    assert load(None, tmp_path, {}) == load(tmp_path / "xmppd.toml", tmp_path, {})
    (tmp_path / "all.toml").write_text(text, encoding="utf-8")
    config = load(tmp_path / "all.toml", tmp_path, {})
    default = load(None, tmp_path, {})
    assert config.limits == default.limits
    assert config.auth == default.auth
    assert config.modules == default.modules


def test_the_example_as_it_is_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "xmppd.toml").write_text(example(), encoding="utf-8")
    config = load(None, tmp_path, {})
    assert config.listen == load(None, tmp_path / "other", {}).listen


def test_explain_says_who_set_it(tmp_path: Path) -> None:
    config = load(None, tmp_path, {"XMPPD_LIMITS_RATE": "off", "XMPPD_LISTEN_2_PORT": "7000"})
    text = explain("limits.rate", config)
    assert '"off"   set by XMPPD_LIMITS_RATE' in text
    assert "variable XMPPD_LIMITS_RATE" in text
    assert "7000   set by XMPPD_LISTEN_2_PORT" in explain("listen.2.port", config)
    assert "store.backend" in explain("store", config)
    with pytest.raises(KeyError, match=r'did you mean "limits\.rate"'):
        explain("limits.rat", config)


def test_every_key_can_be_explained(tmp_path: Path) -> None:
    config = load(None, tmp_path, {})
    for key in known_keys():
        assert key.doc.split()[0] in explain(key.name, config)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    text = '[[listen]]\nmodule = "component"\nsecrets = { "c.x" = "hush" }\n[store]\nurl = "postgresql://u:hush@h/d"\n'
    text += '[modules.mod_extdisco]\nservices = [{ type = "turn", host = "t", secret = "hush" }]\n'
    (tmp_path / "xmppd.toml").write_text(text, encoding="utf-8")
    config = load(None, tmp_path, {})
    assert "hush" not in show(rows(config))
    assert "hush" not in repr(config), "it may stand in a crash report"
    assert '"host" = "t", "secret" = "(secret)"' in show(rows(config))
    assert dict(in_force(config))["store.url"] == '"(secret)"'


@pytest.mark.parametrize("value", [True, 3, 'a "b" \\', ["x", "y"], {"a.b": 1}, {}])
def test_toml_reads_back(value: object) -> None:
    assert tomllib.loads(f"v = {toml(value)}") == {"v": value}
