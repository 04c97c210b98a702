"""C-NMC 2019 as its publisher lays it out, with every byte checked against the list of hashes.

`.../fold_{0,1,2}/{all,hem}/UID_<subject>_<n>_<cell>_<all|hem>.bmp` is the training part; the
preliminary test part (`.../C-NMC_test_prelim_phase_data/<n>.bmp`) has its labels in a table; the
final test part has none and is only checked. Gupta & Gupta 2019, doi 10.7937/tcia.2019.dc64i46r.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from leukview.domain.errors import ImageError, UsageError
from leukview.domain.progress import Progress
from leukview.imaging.decode import sha256_of
from leukview.imaging.scan import scan
from training.data.described import NO_GROUP, DescribedSet
from training.data.sources import Found, FoundImage, named

FOLDS = ("fold_0", "fold_1", "fold_2")
PRELIM, FINAL = "C-NMC_test_prelim_phase_data", "C-NMC_test_final_phase_data"
LABELS = "C-NMC_test_prelim_phase_data_labels.csv"
MANIFEST = "upstream_sha256_manifest.csv"
LABEL_WORDS = {"1": "all", "0": "hem"}
# 106 pairs of files are byte-identical under different subjects; who shares one is one subject.
SAME_SUBJECT = (("20", "21"), ("51", "75", "78"), ("H2", "H4", "H5", "H6", "H7"), ("H3", "H10"))
_GROUP_OF = {subject: "+".join(same) for same in SAME_SUBJECT for subject in same}
_NAME = re.compile(r"UID_(H?\d+)_\d+_\d+_(all|hem)\.bmp", re.IGNORECASE)


def subject_group(file_name: str) -> str:
    """The subject of an image, joined with those it shares images with: "UID_21_..." to "20+21".

    Raises:
        ValueError: not a name of this set.
    """
    return _read_name(file_name)[0]


def _read_name(file_name: str) -> tuple[str, str]:
    match = _NAME.fullmatch(file_name)
    if not match:
        raise ValueError(f"{file_name} is not named UID_<subject>_<n>_<cell>_<all|hem>.bmp")
    subject = match[1].upper()  # H3 is also written h3
    return _GROUP_OF.get(subject, subject), match[2].lower()


@dataclass(kw_only=True)
class Layout:
    """The files of a download by part; keys are what the list of hashes and the disk share.

    Attributes:
        training: "fold_0/all/UID_1_1_1_all.bmp" to the path below the set's folder.
        prelim: "1.bmp" to the path.
        final: "1.bmp" to the path.
        other: paths of images that belong to no part.
    """

    training: dict[str, str] = field(default_factory=dict)
    prelim: dict[str, str] = field(default_factory=dict)
    final: dict[str, str] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)

    def add(self, path: str) -> None:
        """Put one path into its part.

        Raises:
            UsageError: another path stands for the same image.
        """
        parts = PurePosixPath(path).parts
        if len(parts) >= 3 and parts[-3] in FOLDS and parts[-2] in ("all", "hem"):
            part, key = self.training, "/".join(parts[-3:])
        elif len(parts) >= 2 and parts[-2] in (PRELIM, FINAL):
            part, key = self.prelim if parts[-2] == PRELIM else self.final, parts[-1]
        else:
            self.other.append(path)
            return
        if part.setdefault(key, path) != path:
            raise UsageError(
                f"{part[key]} and {path} are the same image of C-NMC 2019. Nothing was prepared."
                " Keep one copy of the download below `path`."
            )


def find(described: DescribedSet) -> Found:
    """Every labelled image of the download, with class and subject group.

    Raises:
        UsageError: a folder of a class is missing, a name or label contradicts another.
    """
    place = described.beside(described.said.path)
    layout = layout_of(place)
    lacking = [
        f"{fold}/{name}"
        for fold in FOLDS
        for name in ("all", "hem")
        if not any(key.startswith(f"{fold}/{name}/") for key in layout.training)
    ]
    if lacking:
        raise UsageError(
            f"{place} has no images in {named(lacking)}, which C-NMC 2019 has in its training part."
            " Nothing was prepared. Unpack the download completely, or correct `path`"
            f" in {described.toml}."
        )
    found, grouped = Found(), described.said.grouping != NO_GROUP
    for key, path in layout.training.items():
        said = PurePosixPath(key).parts[1]
        found.images.append(_image(path, PurePosixPath(path).name, said, path, grouped))
    _add_prelim(described, layout, found, grouped)
    if layout.final:
        found.leave_out("of the final test part, which has no labels", len(layout.final))
    if layout.other:
        found.leave_out("images outside the parts of C-NMC 2019", len(layout.other))
    return found


def layout_of(place: Path) -> Layout:
    """The images below a folder by part, in natural order.

    Raises:
        UsageError: it cannot be opened.
    """
    looked, layout = scan([place]), Layout()
    if looked.problems:
        raise UsageError(f"{' '.join(looked.problems[:3])} Nothing was prepared.")
    for image in looked.images:
        layout.add(image.name)
    return layout


def _image(path: str, name: str, said: str, where: str, grouped: bool) -> FoundImage:
    try:
        group, written = _read_name(name)
    except ValueError as error:
        raise UsageError(
            f"{where}: {error}, so its subject is not known. Nothing was prepared."
            " Restore the name that the publisher gave it, or move it out of the set."
        ) from error
    if written != said:
        raise UsageError(
            f"{where}: {name} is named {written!r} but stands under {said!r}. Nothing was"
            " prepared. Restore the publisher's file; one of the two is wrong."
        )
    return FoundImage(
        file=path,
        class_id=said,
        group=group if grouped else "",
        line="" if where == path else where,
    )


def _add_prelim(described: DescribedSet, layout: Layout, found: Found, grouped: bool) -> None:
    table = _labels_table(described, layout)
    if table is None:
        if layout.prelim:
            found.leave_out(f"of the preliminary test part, without {LABELS}", len(layout.prelim))
        return
    seen: dict[str, int] = {}
    for line, row in _rows(table, ("Patient_ID", "new_names", "labels")):
        where = f"{table}, line {line}"
        name, said = row["new_names"], LABEL_WORDS.get(row["labels"])
        if said is None:
            raise UsageError(
                f"{where}: the label {row['labels']!r} is neither 1 (all) nor 0 (hem). Nothing was"
                " prepared. Restore the publisher's table."
            )
        if name in seen:
            raise UsageError(
                f"{where}: {name} stands on line {seen[name]} already. Nothing was prepared."
                " Restore the publisher's table."
            )
        seen[name] = line
        if name not in layout.prelim:
            raise UsageError(
                f"{where}: there is no {PRELIM}/{name} below `path`. Nothing was prepared. Unpack"
                f" the preliminary part completely, or take `table` out of {described.toml} and"
                f" move {LABELS} away to do without it."
            )
        found.images.append(_image(layout.prelim[name], row["Patient_ID"], said, where, grouped))
    unknown = [path for name, path in layout.prelim.items() if name not in seen]
    if unknown:
        raise UsageError(
            f"{table} does not name {named(unknown)}. Nothing was prepared. Restore the"
            " publisher's table, or move these images out of the set."
        )


def _labels_table(described: DescribedSet, layout: Layout) -> Path | None:
    """The table that the TOML file names, else the publisher's beside the preliminary part."""
    if described.said.table:
        return described.beside(described.said.table)
    place = described.beside(described.said.path)
    folders = {(place / path).parent for path in layout.prelim.values()}
    near = [place / LABELS, *(at / LABELS for folder in folders for at in (folder, folder.parent))]
    return next((path for path in near if path.is_file()), None)


def manifest_of(described: DescribedSet) -> Path | None:
    """The list of hashes: as the TOML file says, else beside the images, else none."""
    if described.said.manifest:
        return described.beside(described.said.manifest)
    near = described.beside(described.said.path) / MANIFEST
    return near if near.is_file() else None


def check(described: DescribedSet, manifest: Path, hashes: Mapping[str, str]) -> Iterator[Progress]:
    """Compare a download with the list of hashes of the full set.

    The training part is always expected; each test part if an image of it is there.

    Args:
        described: the set.
        manifest: CSV with the columns `path` and `sha256`.
        hashes: of the files that were read already, by path below the set's folder.

    Raises:
        UsageError: images are missing, changed or too many; at most ten of each are named.
    """
    layout = layout_of(described.beside(described.said.path))
    wanted = Layout()
    sums: dict[str, str] = {}
    for _, row in _rows(manifest, ("path", "sha256")):
        if row["path"].lower().endswith(".bmp"):
            wanted.add(row["path"])
            sums[row["path"]] = row["sha256"].lower()
    pairs = [(wanted.training, layout.training)]
    pairs += [
        (w, h) for w, h in ((wanted.prelim, layout.prelim), (wanted.final, layout.final)) if h
    ]
    missing = [path for want, have in pairs for key, path in want.items() if key not in have]
    extra = [path for want, have in pairs for key, path in have.items() if key not in want]
    extra += layout.other
    both = [(sums[want[key]], have[key]) for want, have in pairs for key in want if key in have]
    changed = []
    place = described.beside(described.said.path)
    for number, (expected, path) in enumerate(both, start=1):
        try:
            actual = hashes.get(path) or sha256_of(place / path)
        except ImageError:
            actual = "unreadable"
        if actual != expected:
            changed.append(path)
        if number % 100 == 0:
            yield Progress(number, len(both), "checking")
    words = (("missing", missing), ("changed", changed), ("not in the list", extra))
    wrong = [f"{len(names)} {word} ({named(names)})" for word, names in words if names]
    if wrong:
        raise UsageError(
            f"{place} is not the full C-NMC 2019 of {manifest}: {'; '.join(wrong)}. Nothing was"
            " prepared. Download these again and move the others away, or do without the check:"
            f" take `manifest` out of {described.toml} and {MANIFEST} out of the folder."
        )


def _rows(table: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            lacking = [name for name in columns if name not in (reader.fieldnames or ())]
            if lacking:
                raise UsageError(
                    f"{table}, line 1: the column {named(lacking)} is missing. Nothing was"
                    " prepared. Restore the publisher's table."
                )
            for row in reader:
                yield reader.line_num, {name: row[name] or "" for name in columns}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{table} cannot be read ({error}). Nothing was prepared. Correct its path in the TOML"
            " file, or download it again."
        ) from error
