"""upgrade — one module's file again, under a running server: `./rel/xmppd upgrade mod_ping`. Every connection stays.

OTP:      cf. c:l/1 and nl/1, release_handler's update instruction
Way:      admin.parent_commands → rpc → [upgrade] on each worker → otp.release.hot, gen_mod_sup
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final

from otp.kernel import application, rpc
from otp.kernel.code import LoadError
from otp.release import hot
from xmppd import gen_mod, gen_mod_config, gen_mod_server, gen_mod_sup
from xmppd.commands import EXIT_FAILED, EXIT_USAGE
from xmppd.config.schema import Config
from xmppd.gen_mod import Mod, ModError
from xmppd.routing.sm import sm

#: the runtime's own tables lie in its modules
FIXED: Final = ("otp.", "pykka")
#: of a mod_*: rebuilt from the configuration
APART: Final = ("Options",)


def _count(count: int, word: str, words: str = "") -> str:
    return f"{count} {word if count == 1 else words or word + 's'}"


@rpc.exported
async def upgrade(module: str) -> dict[str, Any]:
    """Reload a module under the processes of this node: {"ok": what was done} or {"error", "status"}."""
    name = gen_mod.path_of(module) if module.startswith("mod_") else module
    if name.startswith(FIXED):
        return {"error": f"{name} is not upgraded in a running server: restart it", "status": EXIT_USAGE}
    config: Config = application.get_env("xmppd", "config")
    before = gen_mod_sup.running(config, name)
    sessions = _sessions()
    try:
        report = await hot.reload(name, apart=APART if before else (), accept=lambda: _check(before, config))
        done = await gen_mod_sup.renew(before, config)
    except LoadError as error:
        status = EXIT_USAGE if _is_unknown(error) else EXIT_FAILED
        return {"error": f"{_place(error)}; nothing was changed", "status": status}
    done += [f"{why} (its state stays as it was)" for why in report.failed]
    if report.running:
        done.append(f"{_count(report.running, 'process', 'processes')} end in the version before what they are at")
    return {
        "ok": {
            "module": name, "file": hot.file_of(name), "processes": report.changed + report.supervisors,
            "running": report.running, "sessions": len(sessions), "kept": len(sessions & _sessions()), "done": done,
        }
    }  # fmt: skip


def _sessions() -> set[Any]:
    """The sessions whose process is of this node."""
    return {session.pid for session in sm.all_sessions() if session.pid.target is not None}


def _check(before: list[Mod], config: Config) -> None:
    """What the new version declares can be had as the configuration wants it. Raises LoadError."""
    try:
        for mod in before:
            gen_mod_config.options_of(mod.name, config.modules_of(mod.host)[mod.name])
            gen_mod_server.specs(mod)
    except ModError as error:
        raise LoadError(mod.name, "badfile", str(error)) from None


def _is_unknown(error: LoadError) -> bool:
    """There is no such module; where one is there and its file is gone, or imports what is not there, has a cause."""
    return error.reason == "nofile" and error.__cause__ is None


def _place(error: LoadError) -> str:
    """The error with file and line of what is wrong."""
    if _is_unknown(error):
        return f"no module {error.name} is loaded here: name one as mod_ping, xmppd.stream.c2s or acme.mod_motd"
    cause = error.__cause__
    if isinstance(cause, SyntaxError) and cause.filename:
        return f"{cause.filename}:{cause.lineno}: {type(cause).__name__}: {cause.msg}"
    file = hot.file_of(error.name)
    line = _line(cause.__traceback__, file) if cause is not None else None
    return f"{file}:{line}: {type(cause).__name__}: {cause}" if line is not None else str(error)


def _line(traceback: TracebackType | None, file: str) -> int | None:
    """The line of the file that the error passed last."""
    found = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            found = traceback.tb_lineno
        traceback = traceback.tb_next
    return found
