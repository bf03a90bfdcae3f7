"""What a server does that says nothing about how its workers run."""

from __future__ import annotations

from xmppd.config.sections import KeepaliveSection, LogSection, NodeSection


def test_nothing_is_sent_to_clients_that_are_silent() -> None:
    assert KeepaliveSection().mode == "off"


def test_a_worker_that_stands_still_is_told_of_before_it_is_ended() -> None:
    section = NodeSection()
    assert section.alarm_seconds is not None
    assert section.restart_seconds is not None
    assert section.alarm_seconds < section.restart_seconds


def test_the_log_is_for_people() -> None:
    assert LogSection().format == "text"
