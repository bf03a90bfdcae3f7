"""sections — the parts of the configuration that say how the workers run, and what they tell.

OTP:      sys.config
Way:      config.schema → [sections] → application env ("xmppd", "config")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xmppd.config.kinds import Number, OneOf
from xmppd.config.setting import setting


@dataclass(frozen=True)
class LogSection:
    """`[log]`."""

    level: str = setting("info", OneOf(("debug", "info", "warning", "error")), "least severe lines kept")
    format: Literal["text", "json"] = setting(
        "text", OneOf(("text", "json")), "one line per event, for people or for machines"
    )


@dataclass(frozen=True)
class NodeSection:
    """`[node]`: how the workers are run."""

    profile: str = setting(
        "production",
        OneOf(("production", "development")),
        "development: `crash` may break things on purpose (also: start --dev)",
    )
    alarm_seconds: int | None = setting(
        3,
        Number(1, 3600, word="off", unit="seconds"),
        'a callback that holds up its loop for so long is told in the log, with its stack; "off" for never',
    )
    end_seconds: int | None = setting(
        4,
        Number(1, 3600, word="off", unit="seconds of processor time"),
        'a process that computes for so long without giving way is ended, a client\'s stream mostly; "off" for never',
    )
    restart_seconds: int | None = setting(
        30,
        Number(2, 3600, word="off", unit="seconds"),
        'a worker whose loop stands still for so long is ended and started again, "off" for never',
    )
    memory_mb: int = setting(
        0,
        Number(64, word="auto", word_value=0, unit="MB"),
        "memory that one worker may take; from 70 % of it nobody new is accepted, from 80 % the slowest readers are "
        'let go, at 90 % the worker starts again, in order; "auto": its share of what the control group or the machine '
        "has",
    )
    long_mailbox: int | None = setting(
        10000,
        Number(100, word="off", unit="messages"),
        'a process for which so many messages wait is told in the log, and one that takes none for a while; "off" for '
        "never",
    )


@dataclass(frozen=True)
class KeepaliveSection:
    """`[keepalive]`: what the server sends to a client that says nothing, beside what TCP does (`[limits]
    vanished_seconds`)."""

    mode: str = setting(
        "off",
        OneOf(("off", "whitespace", "ping")),
        "whitespace: a space, so that routers on the way remember the connection and a lost one is noticed; ping: an "
        "XMPP ping (XEP-0199), which a client must answer: one that does not is taken for gone",
    )
    interval: int = setting(
        120, Number(10, 86400, unit="seconds"), "silence of a client after which something is sent to it"
    )
    timeout: int = setting(
        30, Number(5, 3600, unit="seconds"), "ping: time for the answer; anything that the client says will do"
    )
