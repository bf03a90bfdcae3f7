"""account — an account in the memory of this node: made when it is needed, dropped with its last session; of those
without one the newest stay for a while, since who is written to while away is so more than once.

OTP:      none; in ejabberd each module has a cache of its own for this (ets_cache)
Way:      stages → [LiveAccount] → the stages, which read what modules keep here (AccountState)
Process:  none: written on the loop's thread; the account's sessions of this node hold it, so it ends with them; or
          _AWAY does, until MOST_AWAY others have come
Differs:  the store is the truth. A change is announced to all nodes: each drops what it has, and loads it when it is
          needed again
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar
from weakref import WeakValueDictionary

from otp.erts import process
from otp.erts.future import LoopFuture
from otp.erts.pid import Pid
from xmpp_core.jid import JID
from xmppd.auth import auth
from xmppd.routing import handler_table, hooks
from xmppd.routing.session import Session
from xmppd.routing.sm import flags, sm
from xmppd.routing.sm.suspected_nodes import REROUTING

V = TypeVar("V")
#: seconds that a stanza waits at most for those before it, whatever their stages wait for
PATIENCE: Final = 6.0
_TRIES: Final = 20

#: the accounts in use on this node, by bare JID
ACCOUNTS: Final[WeakValueDictionary[str, LiveAccount]] = WeakValueDictionary()
#: accounts without a session that somebody has written to, the newest last, and how many of them
_AWAY: Final[dict[str, LiveAccount]] = {}
MOST_AWAY: Final = 1000
#: processes that have a stanza of some account in hand, and how many; empty except for moments
_HOLDERS: Final[dict[Pid, int]] = {}
#: the same for callers in a hurry: asked without a call
_REFS: Final[dict[str, Any]] = ACCOUNTS.data  # type: ignore[attr-defined]  # typeshed leaves it out


class AccountState(Generic[V]):
    """A thing that a module keeps for each account, such as its block list; a variable of the module's file.

    `load(owner)` reads it from the store. Stages find it loaded: they call `of` and wait for nothing.
    """

    def __init__(self, name: str, load: Callable[[JID], Awaitable[V]]) -> None:
        self.name, self._load = name, load

    def __call__(self, owner: JID) -> Awaitable[V]:
        """Await what the store has."""
        return self._load(owner)

    def of(self, account: LiveAccount) -> V:
        """What it is for an account that has come to a stage. Raises LookupError where it is not loaded."""
        found: V = account.states[self.name]
        return found

    async def get(self, owner: JID) -> V:
        """What it is for the account of a bare JID, loaded if this node does not have it. Raises what `load` does."""
        account = account_of(owner, sm.sessions(owner.bare))
        await account.load()
        return self.of(account)

    def __repr__(self) -> str:
        return f"AccountState({self.name})"


@dataclass(slots=True, eq=False, weakref_slot=True)
class LiveAccount:
    """One account on this node. `states`: what modules keep, by name; `line`: stanzas that wait for those before;
    `exists`: it was there when somebody asked, and whoever removes it has that forgotten."""

    jid: JID
    states: dict[str, Any] = field(default_factory=dict)
    line: deque[Turn] = field(default_factory=deque)
    loaded: bool = False
    exists: bool = False
    forgotten: int = 0

    def must_not_wait(self) -> bool:
        """Whether the running process has a stanza of another account in hand: two that wait for each other's account
        would wait for ever."""
        me = process.self_()
        return me in _HOLDERS and not (self.line and self.line[0].owner is me)

    def line_up(self, stamp: int = 0) -> Turn:
        """A place behind all that were sent before it; to be taken before anything is awaited, and entered with
        `async with`. `stamp`: flags.stamp() of when its sender had it in hand, 0: that is now. What has begun, or has
        come by a shorter way and been sent before, stays before it."""
        turn = Turn(self, stamp or flags.stamp())
        at = len(self.line)
        while at and self.line[at - 1].stamp > turn.stamp and not self.line[at - 1].begun:
            at -= 1
        self.line.insert(at, turn)
        return turn

    def begin_turn(self, stamp: int) -> Turn:
        """The only place, for a stanza whose stages have begun. `stamp`: as for line_up; it keeps it if it goes on."""
        turn = Turn(self, stamp or flags.stamp(), begun=True)
        self.line.append(turn)
        return turn

    async def load(self) -> None:
        """Return when all that modules keep is here. Raises what their `load` functions raise."""
        for _ in range(_TRIES):
            if self.loaded:
                return
            before, states = self.forgotten, dict[str, Any]()  # others may load it meanwhile
            for state in declared(self.jid.domain):
                states[state.name] = await state(self.jid)
            if not self.loaded:
                self.states, self.loaded = states, before == self.forgotten  # what has changed is read again

    async def is_there(self) -> bool:
        """Whether there is such an account; it has no session, and stays for a while if there is. Raises StoreError."""
        if self.exists:
            return True
        before = self.forgotten
        found = await auth.user_exists(self.jid.local, self.jid.domain)
        if found and before == self.forgotten:
            self.exists = True
            _AWAY[self.jid.bare] = self
            if len(_AWAY) > MOST_AWAY:
                del _AWAY[next(iter(_AWAY))]
        return found

    def forget(self) -> None:
        """What is kept has changed in the store."""
        self.loaded = self.exists = False
        self.forgotten += 1


@dataclass(slots=True, eq=False)
class Turn:
    """One stanza's place in the line of its account. `begun`: nothing comes before it any more. One that the running
    process enters again is no wait; nor is it for a process that reroutes what was on its way to the account, since
    those in the line wait for that."""

    account: LiveAccount
    stamp: int
    begun: bool = False
    owner: Pid | None = None
    _future: LoopFuture[None] | None = None

    async def __aenter__(self) -> LiveAccount:
        await self.come_first()
        self.owner = me = process.self_()
        _HOLDERS[me] = _HOLDERS.get(me, 0) + 1
        return self.account

    def is_first(self) -> bool:
        """Whether nobody is before it whom it has to wait for."""
        line = self.account.line
        if self not in line:
            return True  # it was given up
        me, head = process.self_(), line[0]
        return head is self or head.owner is me or REROUTING.get(self.account.jid.bare) is me

    async def come_first(self) -> None:
        """Return when nobody is before it; those who are longer there than PATIENCE are given up."""
        if self.is_first():
            return
        try:
            async with asyncio.timeout(PATIENCE):
                while not self.is_first():
                    self._future = LoopFuture()
                    await self._future
        except TimeoutError:
            self._give_up_those_before()

    async def __aexit__(self, *_: object) -> None:
        line = self.account.line
        if self.owner is not None:
            held = _HOLDERS.pop(self.owner, 1) - 1
            if held:
                _HOLDERS[self.owner] = held
        if self in line:
            line.remove(self)
        if line and line[0]._future is not None:
            line[0]._future.resolve(None)

    def _give_up_those_before(self) -> None:
        line = self.account.line
        while self in line and line[0] is not self:
            line.popleft()


def begin() -> None:
    """A node begins: what an earlier one of this OS process kept is not its own."""
    ACCOUNTS.clear()
    _AWAY.clear()
    _HOLDERS.clear()


def declared(host: str) -> list[AccountState[Any]]:
    """What the modules of a host keep for each account."""
    return [entry.fn for entry in handler_table.chain(hooks.TABLE, (host, AccountState)) or ()]


def account_of(owner: JID, rows: Iterable[Session] = ()) -> LiveAccount:
    """The account of a JID, as this node has it; sessions of this node among `rows` keep it from now on."""
    bare = owner.bare
    known = _REFS.get(bare)
    account = known() if known is not None else None
    if account is None:
        account = ACCOUNTS[bare] = LiveAccount(owner.bare_jid(), loaded=not declared(owner.domain))
        for row in rows:
            own = sm.session_of(row.pid)
            if own is not None:
                own.account = account
    return account


def has_line(bare: str) -> bool:
    """Whether stanzas of an account (a bare JID) wait here for those before them."""
    known = _REFS.get(bare)
    account = known() if known is not None else None
    return account is not None and bool(account.line)


def forget(bare: str) -> None:
    """What modules keep for an account has changed; "": for all of them."""
    account = ACCOUNTS.get(bare)
    for one in list(ACCOUNTS.values()) if not bare else [account] if account is not None else []:
        one.forget()
