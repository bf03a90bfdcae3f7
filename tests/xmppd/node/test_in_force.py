"""test_in_force — what a running release takes over, and that a worker gets it whole.

Way:  xmppd.node.in_force
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from xmppd.config.load import load
from xmppd.config.schema import Config, Host, Listen, TlsSection
from xmppd.net import tls_dev
from xmppd.net.tls import TlsContexts
from xmppd.node import in_force

TOML = st.recursive(
    st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_a_reload_does_not_miss_the_listener_that_a_start_left_out(tmp_path: Path) -> None:
    new = load(None, tmp_path, {})
    running = dataclasses.replace(new, listen=new.listen[:2])
    assert in_force.without_optional(new, running).listen == running.listen
    assert in_force.without_optional(new, new) == new
    assert in_force.needs_restart(running, in_force.without_optional(new, running)) == []


@given(options=st.dictionaries(st.text(), TOML, max_size=3), secret=st.text(), port=st.integers(0, 65535))
def test_a_configuration_survives_the_way_to_a_worker(options: dict[str, object], secret: str, port: int) -> None:
    config = Config(
        paths=load(None, "/srv/x", {}).paths,
        listen=(Listen(module="component", port=port, secrets={"a.x": secret}),),
        modules={"mod_x": options},
        host={"b.x": Host(name="b.x", modules={"mod_y": options}, registration_open=True)},
        origins={"hosts": "xmppd.toml:3"},
    )
    again = in_force.unpack(in_force.pack(config))
    assert again == config
    assert again.origins == config.origins


def test_only_a_restart_changes_hosts_listeners_limits_and_store(tmp_path: Path) -> None:
    old = load(None, tmp_path, {})
    flags = {
        "hosts": "b.x", "store.backend": "memory", "limits.rate": "off", "limits.roster_items": "7",
        "auth.iterations": "5000", "log.level": "debug", "tls.min_version": "1.3", "node.alarm_seconds": "9",
    }  # fmt: skip
    wished = load(None, tmp_path, {}, flags)
    new = in_force.taken_over(old, wished)
    assert new.limits == dataclasses.replace(old.limits, roster_items=7)
    assert new.log.level == "debug"
    assert (new.hosts, new.listen, new.store, new.auth) == (old.hosts, old.listen, old.store, old.auth)
    assert in_force.needs_restart(old, new) == []
    assert set(in_force.needs_restart(old, wished)) >= {"hosts", "store", "limits.rate", "tls.min_version", "node"}


def test_a_certificate_is_the_one_that_was_read_whatever_becomes_of_the_file(tmp_path: Path) -> None:
    chain, key = tls_dev.ensure(tmp_path, "a.x")
    base = load(None, tmp_path, {})
    config = dataclasses.replace(base, hosts=("a.x",), tls=TlsSection(certificate=str(chain), key=str(key)))
    read = in_force.certificates(config)
    chain.write_text("torn")
    key.unlink()
    pinned, copies = in_force.pinned(config, read)
    contexts = TlsContexts(pinned.hosts, pinned.certificate_of, tmp_path)
    assert contexts.end_point(contexts.context("a.x"))
    contexts.reload()  # and again
    for fd in copies:
        os.close(fd)


def test_a_file_that_cannot_be_read_is_left_for_who_opens_it(tmp_path: Path) -> None:
    config = dataclasses.replace(load(None, tmp_path, {}), tls=TlsSection(certificate="none.pem"))
    assert in_force.certificates(config) == {}
    assert in_force.pinned(config, {}) == (config, [])
