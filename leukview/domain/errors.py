"""What can go wrong that a user can cause or repair, as one tree.

LeukViewError
  UsageError            a path, option or folder that cannot be worked with
  ModelFileError        the model file is missing, damaged, or not ONNX
    ContractError       it does not say how to use it, or asks for more than we know
  DeviceError           the GPU that was demanded is not usable
  ImageError            one image cannot be read; the work goes on without it
  DriveError            a drive does not answer
  SessionError          the session store cannot be opened or written
  FinalError            a final slide is not changed without a reason
  OutputError           a table or report cannot be written

Every message says what happened, what became of the data, and what to do next.
"""

from __future__ import annotations


class LeukViewError(Exception):
    """Base of every error a user can cause or repair."""


class UsageError(LeukViewError):
    """A path, an option or a folder that cannot be worked with."""


class ModelFileError(LeukViewError):
    """The model file is missing, damaged, or not ONNX."""


class ContractError(ModelFileError):
    """The model file does not say how to use it, or asks for more than we know."""


class DeviceError(LeukViewError):
    """The GPU that was demanded is not usable."""


class ImageError(LeukViewError):
    """One image cannot be read. The work goes on without it.

    `sha256` is that of the file's bytes, or "" when not even those could be read.
    """

    def __init__(self, message: str, *, sha256: str = "") -> None:
        super().__init__(message)
        self.sha256 = sha256


class DriveError(LeukViewError):
    """A drive does not answer."""


class SessionError(LeukViewError):
    """The session store cannot be opened or written."""


class FinalError(LeukViewError):
    """A final slide is not changed without a reason."""


class OutputError(LeukViewError):
    """A table or report cannot be written."""
