"""The split of a described set as a CSV: written once, or written by hand, and always checked.

Columns: `file`, and at least one of `cross_fold` (0 to k-1, -1 for rows that only the batch norm
sees, empty without a cross-validation), `paper_part`, `paper526_part`, `external_part` (0 or fit,
1 or choose, 2 or test, -1 or none). `choose_for` names the folds that a row chooses for ("0 2");
without it that is drawn. `sha256`, `class` and `group` are compared where they stand.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from training.data import near, splits
from training.data.catalogue import ImageSet, Item, labels
from training.data.protocols import PAPER526, choosers_of, draw
from training.data.sources import named
from training.data.splits import Split

CROSS, CHOOSE_FOR, END = "cross_fold", "choose_for", "_part"
EXTERNAL = "external"
SINGLES = ("paper", PAPER526, EXTERNAL)
_PARTS = {"0": 0, "1": 1, "2": 2, "-1": -1, "fit": 0, "choose": 1, "test": 2, "none": -1, "": -1}
_SIDES = ("fit", "choose", "test")
_DRAW_AGAIN = "Mend the line, or remove the file to have the split drawn."


def split_of(path: Path, items: Sequence[Item], about: ImageSet) -> Split:
    """The written split of any set, ours or described.

    Raises:
        UsageError: it is missing, of other images, or puts what belongs together on two sides.
    """
    return read(path, items, about) if about.place else splits.read(path, items, about)


def settle(path: Path, items: Sequence[Item], about: ImageSet, seed: int) -> Split:
    """Draw and write the split of a described set, or check the one that is there."""
    if not path.exists():
        write(path, items, draw(items, about, seed))
    return read(path, items, about)


def write(path: Path, items: Sequence[Item], split: Split) -> None:
    """Write a split, once.

    Raises:
        UsageError: it is there already.
    """
    if path.exists():
        raise UsageError(f"{path} exists and a split is drawn only once. It was left as it is.")
    parts = {"paper": split.paper, **split.also}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        head = ["sha256", "file", "class", "group", CROSS, *(name + END for name in parts)]
        table.writerow([*head, CHOOSE_FOR])
        for row, item in enumerate(items):
            fold = split.cross[row] if split.folds or split.cross[row] < 0 else ""
            chooses = np.flatnonzero(split.choosers[:, row]) if split.choosers is not None else ()
            table.writerow(
                [item.sha256, item.file, item.class_id, item.group, fold]
                + [numbers[row] for numbers in parts.values()]
                + [" ".join(str(number) for number in chooses)]
            )


@dataclass(frozen=True, kw_only=True)
class _Line:
    number: int
    cells: dict[str, str]


def read(path: Path, items: Sequence[Item], about: ImageSet) -> Split:
    """Read a split that may be written by hand, in any order of rows.

    Raises:
        UsageError: an image is missing, there twice or unknown, a number is none, a part is empty,
            or a group or a cluster of near duplicates stands on two sides; file, line and remedy
            are named.
    """
    lines, columns = _lines(path, items)
    table = _Table(path, [lines[item.file] for item in items], items)
    folds, cross = table.folds() if CROSS in columns else (0, np.zeros(len(items), np.int64))
    singles = {name: table.single(name) for name in SINGLES if name + END in columns}
    paper = singles.pop("paper", np.full(len(items), -1, dtype=np.int64))
    also = {name: numbers for name, numbers in singles.items() if (numbers >= 0).any()}
    clusters = near.clusters(items)
    if about.group:
        names = [item.group for item in items]
        table.apart(cross, np.unique(names, return_inverse=True)[1], about.group_word, CROSS)
    if folds:
        table.apart(cross, clusters, "near duplicate", CROSS)
    for name, numbers in {"paper": paper, **also}.items():
        table.apart(numbers, clusters, "near duplicate", name + END)
    if about.group and EXTERNAL in also:
        # What chooses may share a group with what is fitted on: a set may have two groups only.
        sides = np.where(also[EXTERNAL] < 0, -1, also[EXTERNAL] == 2)
        names = [item.group or f"\n{row}" for row, item in enumerate(items)]
        groups = np.unique(names, return_inverse=True)[1]
        table.apart(sides, groups, about.group_word, EXTERNAL + END)
    y = np.array(labels(items, about), dtype=np.int64)
    choosers = None
    if folds and CHOOSE_FOR in columns:
        choosers = table.choosers(cross, folds)
    elif folds:
        units = near.units(items) if about.group else clusters
        choosers = choosers_of(cross, folds, y, units, clusters, seed=0)
    split = Split(cross=cross, paper=paper, folds=folds, also=also, choosers=choosers)
    _check_parts(path, split)
    return split


def _lines(path: Path, items: Sequence[Item]) -> tuple[dict[str, _Line], list[str]]:
    """The lines by file, each file once, all there and none else."""
    if not path.is_file():
        raise UsageError(f"{path} is missing. Run `python -m training prepare` first.")
    wanted = {item.file for item in items}
    out: dict[str, _Line] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            columns = list(reader.fieldnames or ())
            _check_columns(path, columns)
            for cells in reader:
                where, file = f"{path}, line {reader.line_num}", cells["file"]
                if None in cells or None in cells.values():
                    raise UsageError(
                        f"{where} does not have {len(columns)} cells. Nothing was fitted."
                        f" {_DRAW_AGAIN}"
                    )
                if file not in wanted:
                    raise UsageError(
                        f"{where}: {file!r} is no image of the set. Nothing was fitted."
                        " Remove the line, or put the image back and prepare again."
                    )
                if file in out:
                    raise UsageError(
                        f"{where}: {file} stands on line {out[file].number} already, so it could be"
                        " on two sides. Nothing was fitted. Remove one of the lines."
                    )
                out[file] = _Line(number=reader.line_num, cells=cells)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read ({error}). Nothing was fitted. Save it as UTF-8 text."
        ) from error
    missing = [item.file for item in items if item.file not in out]
    if missing:
        raise UsageError(
            f"{path} has no line for {len(missing)} images of the set: {named(missing)}. Nothing"
            " was fitted. Add them, or remove the file to have the split drawn; figures of the"
            " earlier split go with it."
        )
    return out, columns


def _check_columns(path: Path, columns: list[str]) -> None:
    known = [CROSS, *(name + END for name in SINGLES)]
    odd = [name for name in columns if name.endswith((END, "_fold")) and name not in known]
    if "file" not in columns or not set(columns) & set(known) or odd:
        why = f"unknown columns {named(odd)}" if odd else "no column `file`, or none with parts"
        raise UsageError(
            f"{path}, line 1: {why}. Nothing was fitted. It needs `file` and at least one of"
            f" {', '.join(known)}."
        )


class _Table:
    """The lines in the order of the items, and what is read from their cells."""

    def __init__(self, path: Path, lines: Sequence[_Line], items: Sequence[Item]) -> None:
        self._path, self._rows, self._items = path, lines, items
        for line, item in zip(lines, items, strict=True):
            for name, value in (
                ("sha256", item.sha256),
                ("class", item.class_id),
                ("group", item.group),
            ):
                if line.cells.get(name, value) != value:
                    raise self._wrong(
                        line, f"{item.file} had {name} {line.cells[name]!r} and has {value!r} now"
                    )

    def folds(self) -> tuple[int, NDArray[np.int64]]:
        """How many folds, and the number of each row."""
        out = np.zeros(len(self._rows), dtype=np.int64)
        empty = [not line.cells[CROSS] for line in self._rows]
        for row, line in enumerate(self._rows):
            text = line.cells[CROSS]
            if text and not (text.isdecimal() or text == "-1"):
                raise self._wrong(line, f"the fold {text!r} is no number")
            out[row] = int(text or 0)
        numbers = np.unique(out[out >= 0]).tolist()
        if all(e or n < 0 for e, n in zip(empty, out.tolist(), strict=True)):
            return 0, out
        if any(empty):
            raise self._wrong(self._rows[empty.index(True)], "the fold is empty")
        if numbers != list(range(len(numbers))) or len(numbers) < 2:
            last = int(np.argmax(out))
            raise self._wrong(
                self._rows[last],
                f"folds are numbered from 0 without gaps and are two at least, not {numbers}",
            )
        return len(numbers), out

    def single(self, name: str) -> NDArray[np.int64]:
        """The part of each row."""
        out = np.zeros(len(self._rows), dtype=np.int64)
        for row, line in enumerate(self._rows):
            text = line.cells[name + END].strip().lower()
            if text not in _PARTS:
                raise self._wrong(
                    line, f"the part {text!r} is unknown; known are fit, choose, test and none"
                )
            out[row] = _PARTS[text]
        return out

    def choosers(self, cross: NDArray[np.int64], folds: int) -> NDArray[np.bool_]:
        """Which rows choose for which fold, (folds, N)."""
        out = np.zeros((folds, len(cross)), dtype=np.bool_)
        for row, line in enumerate(self._rows):
            for text in line.cells[CHOOSE_FOR].split():
                if not text.isdecimal() or int(text) >= folds:
                    raise self._wrong(line, f"{CHOOSE_FOR} names {text!r}, which is no fold")
                if cross[row] in (int(text), -1):
                    raise self._wrong(line, f"a row cannot choose for fold {text} that it is not")
                out[int(text), row] = True
        for number in range(folds):
            numbers = np.where(cross == number, 2, out[number].astype(np.int64))
            kept = np.where(cross < 0, -1, numbers)
            self.apart(kept, near.clusters(self._items), "near duplicate", CHOOSE_FOR)
        return out

    def apart(self, numbers: NDArray[np.int64], of: NDArray[np.int64], word: str, key: str) -> None:
        """Refuse what stands on two sides; -1 is no side."""
        first: dict[int, int] = {}
        for row in np.flatnonzero(numbers >= 0).tolist():
            other = first.setdefault(int(of[row]), row)
            if numbers[other] != numbers[row]:
                one, two = self._items[other], self._items[row]
                what = f"{word} {two.group}" if one.group == two.group and two.group else word
                raise self._wrong(
                    self._rows[row],
                    f"{two.file} and {one.file} (line {self._rows[other].number}) belong together"
                    f" ({what}), but stand on two sides in `{key}`",
                )

    def _wrong(self, line: _Line, what: str) -> UsageError:
        return UsageError(
            f"{self._path}, line {line.number}: {what}. Nothing was fitted. {_DRAW_AGAIN}"
        )


def _check_parts(path: Path, split: Split) -> None:
    three = {f"fold {number}": split.fold(number) for number in range(split.folds)}
    three |= {name: split.single(name) for name in split.singles}
    if not three:
        raise UsageError(
            f"{path} tests no image. Nothing was fitted. Give some rows the part `test`, or remove"
            " the file to have the split drawn."
        )
    for name, parts in three.items():
        for side, rows in zip(_SIDES, (parts.fit, parts.choose, parts.test), strict=True):
            if not len(rows):
                raise UsageError(
                    f"{path}: no image has the part `{side}` in {name}. Nothing was fitted. Give it"
                    " to some rows, or remove the file to have the split drawn."
                )
