"""main — the command line.

OTP:      cf. the release script and ejabberdctl
Way:      rel/xmppd (sh) → [main] → lifecycle (start, stop …), config_verbs, verbs (all that a running server does)

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not running, 75 try again, 77 no permission, 78 wrong configuration.
What a verb needs is loaded when it is called: most ask a running server, and need little themselves.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import click

from xmppd import crash_points
from xmppd.cli import catalog, others, verbs
from xmppd.cli.options import GlobalOptions, common, fail, usage
from xmppd.commands import EXIT_CONFIG, EXIT_FAILED, EXIT_PERMISSION, Command, CommandError
from xmppd.node.home import as_owner
from xmppd.node.version import build, version

#: verbs written by hand → where they are
_LATER: Final = {
    "start": "xmppd.cli.lifecycle:start",
    "stop": "xmppd.cli.lifecycle:stop",
    "restart": "xmppd.cli.lifecycle:restart",
    "foreground": "xmppd.cli.lifecycle:foreground",
    "logs": "xmppd.cli.lifecycle:show_logs",
    "tree": "xmppd.cli.inspect_verbs:tree",
    "top": "xmppd.cli.inspect_verbs:top",
    "trace": "xmppd.cli.inspect_verbs:trace",
    "crash": "xmppd.cli.inspect_verbs:crash",
    "observer": "xmppd.cli.inspect_verbs:observer",
    "shell": "xmppd.cli.shell:open_shell",
    "config": "xmppd.cli.config_verbs:config",
    "db": "xmppd.cli.db_verbs:db",
}


class Root(click.Group):
    """The outermost command: it knows a near verb when there is no such one, and other servers' words."""

    complete = False

    def complete_from(self, commands: Iterable[Command]) -> None:
        """Add the verbs of commands; once, as they stay what they are for a run."""
        if not self.complete:
            self.complete = True
            verbs.add_to(self, commands)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, loaded or not."""
        self._look(ctx)
        return sorted({*self.commands, *_LATER})

    def _look(self, ctx: click.Context) -> None:
        if not self.complete:
            said = ctx.find_root().ensure_object(GlobalOptions)
            self.complete_from(catalog.commands(said.where()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A verb, loaded now at the latest."""
        if cmd_name in _LATER and cmd_name not in self.commands:
            module, _, name = _LATER[cmd_name].partition(":")
            self.add_command(getattr(importlib.import_module(module), name), cmd_name)
        elif cmd_name not in self.commands:
            self._look(ctx)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click's, with a suggestion."""
        if args and self.get_command(ctx, args[0]) is None:
            shown = [name for name in self.list_commands(ctx) if name in _LATER or not self.commands[name].hidden]
            hint = _near(args[0], shown) or _near(args[0], self.list_commands(ctx)) or " `xmppd --help` lists them."
            raise click.UsageError(f'No such command "{args[0]}".{hint}', ctx)
        return super().resolve_command(ctx, args)


def _near(word: str, known: list[str]) -> str:
    # difflib takes as long as a verb; it is for those who have mistyped one
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    return f' Did you mean "{near[0]}"?' if near else ""


def _say_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"xmppd, version {version()}" + (f" (build {build()})" if build() else ""))
        context.exit()


@click.group(cls=Root, help="xmppd, an XMPP server. Start it with `start`, make an account with `user add`.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_say_version, help="its version")
@common
def root() -> None:
    """The group of all verbs."""


def _of_another(name: str) -> click.Command:
    """A word of prosodyctl or ejabberdctl: our verb, or a sentence."""

    @click.pass_context
    def run(context: click.Context, words: tuple[str, ...]) -> None:
        if said := others.sentence(name, words):
            raise usage(f"{name}: {said}")
        ours = others.words_for(name, words)
        if ours == ["--help"]:
            click.echo(context.find_root().get_help())
            return
        with root.make_context("xmppd", ours, parent=context) as inner:
            root.invoke(inner)

    words = click.Argument(["words"], nargs=-1)
    return common(click.Command(name, callback=run, params=[words], hidden=True, help="of another server's"))


for _word in (*others.VERBS, *others.SENTENCES):
    root.add_command(_of_another(_word))


def every_verb() -> Root:
    """The group with all verbs loaded, those of the server that the files declare."""
    root.complete_from(catalog.in_files())
    with click.Context(root) as context:
        for name in root.list_commands(context):
            root.get_command(context, name)
    return root


def main(args: list[str] | None = None) -> int:
    """Run one verb; give its exit code."""
    said = GlobalOptions(home=_home(sys.argv[1:] if args is None else args))
    try:
        _arm()
        done = root.main(args, prog_name="xmppd", standalone_mode=False, obj=said)
        return done if isinstance(done, int) else 0  # click's Exit comes back as its code
    except CommandError as error:
        return fail(error, said.json)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        if said.json or "--json" in (sys.argv[1:] if args is None else args):  # it may stand behind what is wrong
            return fail(CommandError(error.format_message(), error.exit_code), as_json=True)
        error.show()
        return error.exit_code
    except OSError as error:
        status = EXIT_PERMISSION if isinstance(error, PermissionError) else EXIT_FAILED
        return fail(CommandError(_words(error), status), said.json)


def _arm() -> None:
    """A test may have a verb die at a crash point, or the server that it starts. Raises CommandError(78)."""
    try:
        crash_points.arm(os.environ.get(crash_points.VARIABLE, ""), "cli")
    except ValueError as error:
        raise CommandError(str(error), EXIT_CONFIG) from None


def _home(words: Sequence[str]) -> str | None:
    """The home that is meant, wherever it is said: the server there knows which verbs there are."""
    said = [word.partition("=")[2] for word in words if word.startswith("--home=")]
    said += [after for word, after in pairwise(words) if word == "--home"]
    return said[-1] if said else None


def _words(error: OSError) -> str:
    if not error.filename:
        return str(error)
    hint = f"; {as_owner(Path(error.filename))}" if isinstance(error, PermissionError) else ""
    return f"{error.filename}: {error.strerror}{hint}"


if __name__ == "__main__":
    sys.exit(main())
