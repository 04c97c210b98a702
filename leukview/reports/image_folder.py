"""A copy of the decided images, one folder per class, ready for `python -m training prepare`."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import cv2

from leukview.domain.classes import CellClass, Unit
from leukview.domain.errors import ImageError, OutputError
from leukview.domain.progress import Progress
from leukview.domain.records import DecisionState
from leukview.domain.table import BOM, Row, columns, csv_lines
from leukview.imaging.decode import decode
from leukview.reports.about import About

LABELS, ABOUT, SET = "labels.csv", "ABOUT.txt", "set.toml"
_DECIDED = (DecisionState.AGREED, DecisionState.CHANGED)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')  # by Windows, in names
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_LONGEST = 180  # bytes of a name; file systems take 255
# Of a file that tells nothing of when it was made; before 1980 a ZIP archive could not hold it.
_NO_TIME = 946_684_800  # 2000-01-01T00:00:00Z


@dataclass(frozen=True, slots=True)
class Source:
    """One image to copy.

    Attributes:
        row: as it shall stand in the table.
        path: of the file.
        sha256: of the bytes that were decided about.
    """

    row: Row
    path: Path
    sha256: str


def is_copied(row: Row) -> bool:
    """Whether a person has decided for a class: suggestions are no labels to learn from."""
    return row.decision_state in _DECIDED and bool(row.decision) and not row.excluded


def names_of(rows: Sequence[Row], *, clean: bool) -> list[str]:
    """Where each image goes: the decided class as its folder, then patient (if known) and name."""
    taken: set[str] = set()
    names: list[str] = []
    for row in rows:
        inner = PurePosixPath(row.image)
        ending = ".png" if clean else inner.suffix
        stem = inner.name if clean else inner.name.removesuffix(inner.suffix)
        front = f"{row.patient}__{stem}" if row.patient else stem
        folder, number, more = _safe(row.decision), 1, ""
        while (name := f"{folder}/{_safe(front, more + ending)}").casefold() in taken:
            number += 1
            more = f"-{number}"
        taken.add(name.casefold())  # `A.png` and `a.png` are one file on Windows and macOS
        names.append(name)
    return names


def fill(
    folder: Path,
    sources: Sequence[Source],
    classes: Sequence[CellClass],
    about: About,
    *,
    name: str,
    unit: Unit,
    read: Callable[[Path], bytes],
) -> Iterator[Progress]:
    """Copy the images into an empty folder, with a table, a description, and a set for training.

    De-identified images are decoded and written anew, so that only their pixels are left; their
    SHA-256 in the table is that of the new file.

    Args:
        folder: to fill.
        sources: the decided images.
        classes: of the model.
        about: what the export says of itself.
        name: that the folder will have.
        unit: what one image shows.
        read: gives the bytes of a file.

    Raises:
        OutputError: a file has changed since it was decided, or cannot be read.
    """
    rows: list[Row] = []
    names = names_of([one.row for one in sources], clean=about.deidentified)
    for place, (one, new) in enumerate(zip(sources, names, strict=True), start=1):
        data = _checked(one, read)
        if about.deidentified:
            data = _pixels_only(data, one.row.image)
        target = folder / new
        target.parent.mkdir(exist_ok=True)
        _write(target, data)
        sha256 = hashlib.sha256(data).hexdigest()
        home = one.row.folder if about.deidentified else _safe(name)
        rows.append(replace(one.row, image=new, folder=home, sha256=sha256))
        yield Progress(place, len(sources), "Copying")
    ids = [c.id for c in classes]
    _write(folder / LABELS, "".join(csv_lines(rows, ids, bom=True)).encode())
    lines = [f"{word}: {value}\n" for word, value in about.lines()]
    _write(folder / ABOUT, "".join(lines).encode())
    _write(folder / SET, _set(rows, classes, unit).encode())
    if about.deidentified:
        for path in (*folder.rglob("*"), folder):
            os.utime(path, (_NO_TIME, _NO_TIME))


def is_ours(folder: Path) -> bool:
    """Whether a folder is such a copy, so that a new one may take its place."""
    try:
        with (folder / LABELS).open(encoding="utf-8") as table:
            first = table.readline().removeprefix(BOM)
    except (OSError, UnicodeDecodeError):
        return False
    return first.startswith(",".join(columns(())[:3])) and (folder / ABOUT).is_file()


def _checked(one: Source, read: Callable[[Path], bytes]) -> bytes:
    try:
        data = read(one.path)
    except OSError as error:
        raise OutputError(
            f"{one.row.image} cannot be read ({error.strerror or 'no reason given'}). Nothing was"
            " written. Check its drive, or open the folder again without it."
        ) from error
    if hashlib.sha256(data).hexdigest() != one.sha256:
        raise OutputError(
            f"{one.row.image} has changed on the disk since it was decided. Nothing was written."
            " Open the folder in the window and look at it again."
        )
    return data


def _pixels_only(data: bytes, image: str) -> bytes:
    """The same pixels as PNG: no EXIF, XMP, ICC profile, text, thumbnail or second page."""
    try:
        pixels = decode(data)[0]
    except ImageError as error:
        raise OutputError(
            f"{image} cannot be decoded. Nothing was written. Exclude it, then export again."
        ) from error
    done, made = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise OutputError(f"{image} cannot be written as PNG. Nothing was written. Exclude it.")
    return made.tobytes()


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _safe(name: str, ending: str = "") -> str:
    """A name that every file system takes."""
    room = _LONGEST - len(ending.encode())
    text = _FORBIDDEN.sub("_", name).encode()[:room].decode(errors="ignore")
    text = text if ending else text.rstrip(". ")  # Windows drops them
    if not text or text.startswith(".") or _RESERVED.match(text):
        text = f"_{text}"
    return text + ending


def _set(rows: Sequence[Row], classes: Sequence[CellClass], unit: Unit) -> str:
    """What `python -m training prepare` needs to know of this folder."""
    grouped = bool(rows) and all(row.patient or row.slide for row in rows)
    kept_apart = "patient" if grouped else "none"
    lines = [
        "# For `python -m training prepare set.toml`; training/data/example-set.toml explains it.",
        'name = "reviewed"',
        'kind = "reviewed"',
        'path = "."',
        f'table = "{LABELS}"',
        f'unit = "{unit}"',
        f'group = "{kept_apart}"  # what stays on one side of a split',
    ]
    for one in classes:
        words = {"id": one.id, "name": one.name, "key": one.key, "role": str(one.role)}
        # A JSON string is a TOML string.
        lines += ["", "[[classes]]", *(f"{k} = {json.dumps(v)}" for k, v in words.items())]
        lines.append(f"malignant = {'true' if one.malignant else 'false'}")
    return "\n".join(lines) + "\n"
