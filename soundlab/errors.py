"""One tree of errors; what the person sees is the message and the hint.

``exit_code`` follows the design: 1 the work failed, 2 a wrong command,
3 something named does not exist.
"""

from __future__ import annotations

from typing import ClassVar


class SoundlabError(Exception):
    """The work failed.

    Parameters
    ----------
    message
        What happened, to which file or thing. One line.
    hint
        What to do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class WrongInput(SoundlabError):
    """A value or text that cannot be used."""

    exit_code = 2


class NotFound(SoundlabError):
    """Something named does not exist: folder, take, preset, checkpoint, project."""

    exit_code = 3


class UnreadableAudio(SoundlabError):
    """A file that cannot be decoded, with the reason."""


class RightsRefused(SoundlabError):
    """Rights or consent do not allow what was asked."""


class EngineFailed(SoundlabError):
    """A model could not be loaded or run."""


class Cancelled(SoundlabError):
    """The person stopped the work; what was done is kept."""

    exit_code = 130
