"""What the documents say can be run is at least understood by the command line."""

import re
import shlex
from pathlib import Path

import click
import pytest

from soundlab.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[1]


def commands() -> list[str]:
    found = []
    for name in ("README.md", "CONTRIBUTING.md"):
        for block in re.findall(r"```(?:sh|console)\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                for part in re.split(r"&&|\|", line):
                    words = part.strip().removeprefix(".venv/bin/")
                    if words.startswith("soundlab "):
                        found.append(words.split(" #")[0])
    return found


@pytest.mark.parametrize("line", commands())
def test_commands_parse(line: str) -> None:
    words = shlex.split(line)[1:]
    group = click.Context(main)
    if words[0] not in COMMANDS:
        assert words[0] == "demo", f"no such command: {words[0]}"
        return
    command = main.get_command(group, words[0])
    assert command is not None
    command.make_context(words[0], words[1:], parent=group)


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"soundlab {name}" not in text and name != "open"] == []
