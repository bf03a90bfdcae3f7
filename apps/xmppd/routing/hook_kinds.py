"""hook_kinds — what hook points are made of: those that tell, and those whose handlers answer.

Way:      hook_points, and whoever asks of a point what it is → [hook_kinds]
"""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

A = TypeVar("A")
P = TypeVar("P")


class Run(Generic[P]):
    """A hook that tells; what handlers return is not looked at, but for Stop. `P` is the point itself."""

    __slots__ = ()
    NEEDED: ClassVar[bool] = False
    #: what `hooks.wanted` may be asked instead, for several points at once
    GROUP: ClassVar[type | None] = None


class Fold(Generic[P, A]):
    """A hook with an accumulator of type A: what a handler returns goes to the next one. `P` is the point itself."""

    __slots__ = ()
    NEEDED: ClassVar[bool] = False
    #: what `hooks.wanted` may be asked instead, for several points at once
    GROUP: ClassVar[type | None] = None
    #: likewise, by who has presence at hand: handlers that are for messages only do not count
    PRESENCE_GROUP: ClassVar[type | None] = None


class OnTheWay:
    """Whoever listens at a point of this group takes part in what nearly every stanza goes through: one look-up says
    whether anybody does (hooks.wanted), or who (hooks.chains)."""


class PresenceOnTheWay:
    """Likewise, for presence: a user's goes to many, and costs a step each where nobody takes part in it."""
