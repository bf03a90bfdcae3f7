"""start_notes — what the one who starts the server should know of its store, found by a worker once it serves.

OTP:      none
Way:      node.parent → rpc → admin.worker_commands → [start_notes] → the start's screen and the log
Process:  runs in the worker, in the process that serves the call
"""

from __future__ import annotations

from xmppd.admin import users
from xmppd.auth import auth
from xmppd.store.backend import StoreError


async def notes() -> list[str]:
    """Give sentences; none if all is as usual, or the store does not answer."""
    try:
        return [*await _new_store(), *await _orphans()]
    except StoreError:
        return []


async def _new_store() -> list[str]:
    """No account at all: a first start, or another store than before."""
    if await auth.hosts():
        return []
    config = users.configuration()
    note = f"the {config.store.backend} store has no account yet"
    if config.store.backend != "sqlite" and config.store_path.exists():
        note += f", and what is in {config.store_path} is not used"
    return [f"{note}: `user add NAME` makes one"]


async def _orphans() -> list[str]:
    """Accounts of hosts that are no longer served."""
    return [
        f"{count} account{'' if count == 1 else 's'} of {host}, which is not in hosts: "
        f"`user list {host}` names them, `user del` removes one"
        for host, count in (await users.orphans()).items()
    ]
