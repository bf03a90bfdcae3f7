"""log_setup — what the configuration says about the log, put into otp's logger.

OTP:      the kernel's environment `logger`
Way:      node.parent, node.worker, admin.reload → [log_setup] → otp.kernel.logger → log/xmppd.log, or stderr
"""

from __future__ import annotations

import logging
from pathlib import Path

from otp.kernel import logger
from xmppd.config.schema import LogSection


def set_up(log: LogSection, file: Path | None) -> None:
    """Send what is logged to a file, None for stderr. Raises OSError if the file cannot be opened."""
    logger.setup(logger.LogConfig(file, log.format, log.level.upper()))
    set_level(log.level)


def take_over(log: LogSection) -> None:
    """After a reload: the new level, and the file found again if it was moved away."""
    set_level(log.level)
    logger.reopen()


def set_level(level: str) -> None:
    """Keep what is at least so severe; that each child of a supervisor has started is told at debug only."""
    logging.getLogger().setLevel(level.upper())
    logging.getLogger("otp.supervisor").setLevel("DEBUG" if level == "debug" else "WARNING")
