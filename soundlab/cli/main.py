"""The entry point: finds a command by name, turns errors into one line and an exit code."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from soundlab import __version__
from soundlab.errors import SoundlabError

COMMANDS = {
    "init": "Make a new project.",
    "import": "Bring files and folders into the library.",
    "clips": "List the library.",
    "edit": "Change titles, tags, ratings, rights and collections; undo it.",
    "suggest": "Suggest tags and a UCS category for clips.",
    "collections": "List collections and saved searches.",
    "search": "Find clips by words or by example.",
    "generate": "Make takes from a brief.",
    "feedback": "Say what should change; get takes that moved that way.",
    "approve": "Approve takes.",
    "reject": "Reject takes.",
    "compare": "Say how two takes differ; keep which is preferred.",
    "vary": "Sweep one axis of a take, or go from one take to another.",
    "taste": "Say what the project's verdicts teach.",
    "wording": "Teach search what this project's tags mean.",
    "takes": "Show the tree of takes, or one take with its recipe.",
    "train": "Fine-tune on approved takes and cleared clips.",
    "adapters": "List adapters, or show one with its card.",
    "export": "Write takes or a collection as files for an editor.",
    "presets": "List saved briefs.",
    "checkpoints": "List checkpoints on this machine, or fetch one.",
    "rights": "Audit rights, revoke a clip, set them from a manifest.",
    "relink": "Find the files of missing clips again.",
    "purge": "Delete rejected takes and left-out candidates.",
    "archive": "Pack the project with its media for another place.",
    "bench": "Measure the bundled checkpoint.",
    "doctor": "Check the installation and the project.",
    "open": "Open the interface.",
}
"""Commands and their one-line help, so that listing them imports none."""

INTERRUPTED = 130


class _Lazy(click.Group):
    """A group whose commands are modules; an argument that is no command is a project to open."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"soundlab.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and ("/" in name or Path(name).is_dir()):
            return super().resolve_command(ctx, ["open", *args])
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="soundlab")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Reference audio, generated textures, and direction that is measured.

    Without a command, the interface opens on the project here or above;
    `soundlab PATH` opens the one in that folder.
    """
    if ctx.invoked_subcommand is None:
        command = ctx.command.get_command(ctx, "open")  # type: ignore[attr-defined]
        ctx.invoke(command)


def run() -> None:
    """Run the command line and exit."""
    sys.exit(exit_code())


def exit_code(args: list[str] | None = None) -> int:
    """Run the command line; return the exit code of the design."""
    try:
        result = main.main(args=args, prog_name="soundlab", standalone_mode=False)
    except SoundlabError as error:
        click.echo(f"soundlab: {error.message}", err=True)
        if error.hint:
            click.echo(f"  → {error.hint}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("soundlab: interrupted; what was done is kept", err=True)
        return INTERRUPTED
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader of a pipe has gone, as with `| head`
            sys.stderr.close()
            return 0
        what = f"{error.filename}: " if error.filename else ""
        click.echo(f"soundlab: {what}{error.strerror or error}", err=True)
        return SoundlabError.exit_code
    return result if isinstance(result, int) else 0
