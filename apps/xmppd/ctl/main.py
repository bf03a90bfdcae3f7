"""main — the command line.

OTP:      cf. the release script and ejabberdctl
Way:      rel/xmppd (sh) → [main] → lifecycle (start, stop …), config_verbs, verbs (all that a running server does)

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not running, 75 try again, 77 no permission, 78 wrong configuration.
"""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib.metadata import version
from typing import Any

import click

from xmppd.ctl import config_verbs, lifecycle, look_verbs, shell, verbs
from xmppd.ctl.build import build
from xmppd.ctl.commands import EXIT_FAILED, EXIT_PERMISSION, CommandError
from xmppd.ctl.options import Options, common, fail, options

_VERSION = "%(prog)s, version %(version)s" + (f" (build {build()})" if build() else "")


class Root(click.Group):
    """The outermost command: it knows a near verb when there is no such one."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click's, with a suggestion."""
        if args and self.get_command(ctx, args[0]) is None:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise click.UsageError(f'No such command "{args[0]}".{hint}', ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Root, help="xmppd, an XMPP server. Start it with `start`, make an account with `user add`.")
@click.version_option(version("xmppd"), prog_name="xmppd", message=_VERSION)
@common
def root() -> None:
    """The group of all verbs."""


@root.command(name="shell", help="a Python prompt on the live server")
@click.option("--node", default="w1", help="where: w1 … wN, or main")
@common
def open_shell(node: str) -> None:
    """Talk to the live node until the end of input."""
    sys.exit(shell.interact(options().where(), node))


for _verb in (lifecycle.start, lifecycle.stop, lifecycle.restart, lifecycle.foreground, lifecycle.show_logs):
    root.add_command(_verb)
for _verb in (look_verbs.tree, look_verbs.top, look_verbs.trace, look_verbs.crash, look_verbs.observer):
    root.add_command(_verb)
root.add_command(config_verbs.config)
verbs.add_to(root)


def main(args: list[str] | None = None) -> int:
    """Run one verb; give its exit code."""
    said = Options()
    try:
        root.main(args, prog_name="xmppd", standalone_mode=False, obj=said)
    except CommandError as error:
        return fail(error, said.json)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except PermissionError as error:
        return fail(CommandError(str(error), EXIT_PERMISSION), said.json)
    except OSError as error:
        return fail(CommandError(str(error), EXIT_FAILED), said.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
