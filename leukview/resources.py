"""The only finder of files that ship with the app: models, samples, icons, styles, help."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """Folder of the resources: inside the package (wheel, bundle), else beside it (checkout).

    Raises:
        FileNotFoundError: neither is there; the installation is damaged.
    """
    for folder in (_PACKAGE / "_resources", _PACKAGE.parent / "resources"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"LeukView's own files are missing beside {_PACKAGE}. No data was touched."
        " Install LeukView again."
    )


def path(*parts: str) -> Path:
    """A file or folder of the resources, whether or not it exists."""
    return root().joinpath(*parts)
