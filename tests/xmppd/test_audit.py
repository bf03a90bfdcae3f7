"""What people did: one line and one count each, and nobody can write another line into it."""

from __future__ import annotations

import configparser
import logging
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.kernel import logger
from tests.support import logs
from xmppd import audit, metrics

own_log = pytest.fixture(logs.kept)
ROOT = Path(__file__).parents[2]
FILTER = ROOT / "rel" / "fail2ban" / "xmppd.conf"


def failures() -> list[re.Pattern[str]]:
    """The filter's expressions, with what fail2ban puts in place of <HOST>."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(FILTER)
    written = parser["Definition"]["failregex"].split("\n")
    return [re.compile(one.replace("<HOST>", r"(?:::f{4,6}:)?(?P<host>[\w.:-]+)")) for one in written if one.strip()]


def banned(line: str) -> str | None:
    """The address that the filter finds in a line, from which fail2ban has taken the time."""
    line = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "", line)
    for pattern in failures():
        if found := pattern.search(line):
            return found["host"]
    return None


def written(level: int, name: str, text: str, form: str) -> str:
    return logger.line(logging.LogRecord(name, level, "", 0, text, None, None), form)


def told(caplog: pytest.LogCaptureFixture, form: str = "text") -> list[str]:
    return [logger.line(record, form) for record in caplog.records]


def test_a_line_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "xmppd.audit")
    before = audit.COUNTS[audit.LOGIN]
    audit.tell(audit.LOGIN, 'login from 192.0.2.1: "100%s@localhost"', "PLAIN", "")
    audit.tell(audit.LOGIN, "not seen", level=logging.DEBUG)
    assert caplog.messages == ['login from 192.0.2.1: "100%s@localhost", PLAIN']
    assert audit.COUNTS[audit.LOGIN] == before + 2


def test_the_log_keeps_every_line_of_a_flood_of_many(tmp_path: Path, own_log: None) -> None:
    logger.setup(logger.LogConfig(tmp_path / "x.log"))
    for n in range(300):
        audit.tell(audit.LOGIN, f"login from 192.0.2.1: {audit.quoted(f'u{n}@localhost')}")
    assert (tmp_path / "x.log").read_text().count("login from") == 300


@pytest.mark.parametrize(
    ("ip", "shown"),
    [("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"), ("x y", "-")],
)
def test_addresses_are_those_that_are_blocked(ip: str, shown: str) -> None:
    assert audit.address(ip) == shown


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("ip", ["192.0.2.7", "2001:db8::7"])
def test_the_filter_finds_who_guesses(caplog: pytest.LogCaptureFixture, form: str, ip: str) -> None:
    caplog.set_level("INFO", "xmppd.audit")
    who = audit.quoted("alice@localhost")
    audit.tell(audit.LOGIN_FAILED, f"login from {ip} failed: not-authorized", who, "PLAIN")
    audit.tell(audit.COMPONENT_REFUSED, f"component from {ip} refused: not-authorized", who)
    audit.tell(audit.LOGIN, f"login from {ip}: {who}", "PLAIN")
    audit.tell(audit.LOGIN_FAILED, f"login from {ip} failed: temporary-auth-failure", who, "PLAIN")
    audit.tell(audit.HANDSHAKE, f"TLS handshake from {ip} given up: closed")
    assert [banned(line) for line in told(caplog, form)] == [ip, ip, None, None, None]


LIE = "login from 198.51.100.9 failed: not-authorized"


@given(st.text(max_size=30), st.sampled_from(["text", "json"]), st.sampled_from(["xmppd.audit", "xmppd.c2s"]))
def test_nobody_has_somebody_else_banned(noise: str, form: str, name: str) -> None:
    for chosen in (f"{noise}{LIE}", f'{noise}" {LIE}', f"\n2026-11-28T17:00:00.000Z info w1 - xmppd.audit: {LIE}", LIE):
        for text in (
            f"login from 192.0.2.1: {audit.quoted(chosen)}, PLAIN",
            f"login from 192.0.2.1 failed: invalid-mechanism, {audit.quoted(chosen)}",
            f"stream from 192.0.2.1 closed: policy-violation {audit.quoted(chosen)}, {audit.quoted(chosen)}",
        ):
            line = written(logging.INFO, name, text, form)
            assert "\n" not in line
            assert banned(line) is None


@given(st.text(st.characters(), max_size=400))
def test_what_people_choose_stays_in_its_quotes(text: str) -> None:
    shown = audit.quoted(text)
    assert shown[0] == '"'
    assert shown.count('"') == 2
    assert len(shown.splitlines()) == 1
    assert len(shown) < 2500


def test_a_mechanism_that_is_none_is_quoted() -> None:
    assert audit.mechanism("SCRAM-SHA-256-PLUS") == "SCRAM-SHA-256-PLUS"
    assert audit.mechanism("x, y") == '"x, y"'


def test_deeds_are_measured() -> None:
    audit.tell(audit.KICKED, "somebody was")
    rows = dict(metrics.METRICS["xmppd_deeds_total"].sample()[4])
    assert rows[audit.KICKED,] == audit.COUNTS[audit.KICKED] >= 1
