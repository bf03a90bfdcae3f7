"""endings — the server's end or its restart by an administrator: after a while, told to all who are online.

OTP:      init:stop, init:restart; cf. stop_kindly of ejabberd_admin
Way:      admin.worker_commands → [endings] → the parent, by rpc (admin.parent_commands:end_after)
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from otp.kernel import rpc
from xmppd import audit
from xmppd.admin import users
from xmppd.commands import EXIT_FAILED, EXIT_USAGE, Arg, CommandError, command, of_node

#: seconds that it may be put off
LONGEST: Final = 86_400
_PARENT: Final = "main"
Delay = Annotated[int, Arg("seconds until then")]
Announcement = Annotated[str | None, Arg("words for all who are online")]


@command("server stop", "stop the server after a while, and tell all who are online", text=lambda d: _words("stops", d))
async def stop(delay: Delay = 0, announcement: Announcement = None) -> dict[str, Any]:
    """As SIGTERM does it: clients are told, and have time to leave."""
    return await _end(False, delay, announcement)


@command(
    "server restart", "restart the server after a while, and tell all who are online",
    text=lambda done: _words("restarts", done),
)  # fmt: skip
async def restart(delay: Delay = 0, announcement: Announcement = None) -> dict[str, Any]:
    """The whole server, all workers at once; with a configuration that is wrong nothing happens."""
    return await _end(True, delay, announcement)


def _words(what: str, done: dict[str, Any]) -> str:
    return f"{what} in {done['delay']} s" if done["delay"] else f"{what} now"


async def _end(again: bool, delay: int, announcement: str | None) -> dict[str, Any]:
    if not 0 <= delay <= LONGEST:
        raise CommandError(f"delay must be 0 to {LONGEST} seconds", EXIT_USAGE)
    await _parent("may_end", again)
    if announcement:
        for host in users.configuration().hosts:
            await of_node().carry_out("announce send", {"text": announcement, "host": host})
    await _parent("end_after", again, delay)
    audit.tell(audit.COMMAND, f"operator {'restarts' if again else 'stops'} the server in {delay} s")
    return {"restart": again, "delay": delay}


async def _parent(what: str, *args: Any) -> None:
    """Ask the parent. Raises CommandError."""
    try:
        answer = await rpc.call(_PARENT, f"xmppd.admin.parent_commands:{what}", *args)
    except rpc.RpcError as error:
        raise CommandError(f"the server cannot be ended from here: {error.why}", EXIT_FAILED) from None
    if "error" in answer:
        raise CommandError(answer["error"], answer["status"])
