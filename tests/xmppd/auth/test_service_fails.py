"""test_service_fails — a service that fails is told of once in a while, not for each login."""

from __future__ import annotations

import logging

import pytest

from otp.erts.clock import CLOCK
from xmppd.auth.auth_internal import AuthBusy
from xmppd.auth.service_fails import Failures, ServiceFails


def test_it_is_told_once_a_minute(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(type(CLOCK), "monotonic", lambda self: now[0])
    told = Failures()
    with caplog.at_level(logging.WARNING, "xmppd.auth"):
        for at in (100.0, 159.0, 160.0, 161.0):
            now[0] = at
            told.tell("localhost", ServiceFails(f"at {at:g}"))
    assert [line.rpartition(": ")[2] for line in caplog.messages] == ["at 100", "at 160"]


def test_clients_are_told_to_come_back() -> None:
    assert issubclass(ServiceFails, AuthBusy)
    assert ServiceFails.condition == "temporary-auth-failure"
