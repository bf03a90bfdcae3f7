"""problems — what is wrong with a configuration, all of it at once.

OTP:      none; cf. econf's error reports
Way:      config.load collects them; cli prints them and ends with status 78
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One error: `where` is `file:line`, the name of a variable, or a flag."""

    where: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}" if self.line else self.where
        return f"{place}: {self.text}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` holds every error found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
