"""Where messages for whoever looks for a fault go: to the terminal, and to a file."""

from __future__ import annotations

import logging
from pathlib import Path

from leukview.domain.errors import OutputError


def start_log(verbose: int, quiet: bool, log_file: Path | None) -> None:
    """Listen from now on.

    Raises:
        OutputError: the file cannot be written.
    """
    root = logging.getLogger()
    level = (
        logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    )
    handler: logging.Handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(level)
    if log_file is None:
        return
    try:
        to_file = logging.FileHandler(log_file, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"The log file {log_file} cannot be written ({error.strerror or error})."
            " Nothing was done. Choose another place for --log-file."
        ) from error
    to_file.setLevel(min(level, logging.INFO))
    to_file.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(name)s %(threadName)s: %(message)s")
    )
    root.addHandler(to_file)
    root.setLevel(min(level, logging.INFO))
