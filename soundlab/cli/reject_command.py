"""soundlab reject."""

from __future__ import annotations

from soundlab.cli.verdicts import verdict_command

command = verdict_command("reject", "rejected")
