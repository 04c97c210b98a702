from __future__ import annotations

import csv
import hashlib
import unicodedata
from pathlib import Path

import pytest

from leukview.reports.copied import Copied, copied


def exported(folder: Path, names: list[str], *, form: str = "NFC") -> Path:
    """A folder of images, named in a form of Unicode, with a table that names them in NFC."""
    folder.mkdir()
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(["image", "sha256", "decision_state"])
        for name in names:
            path = folder / unicodedata.normalize(form, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())
            sha256 = hashlib.sha256(name.encode()).hexdigest()
            lines.writerow([unicodedata.normalize("NFC", name), sha256, "agreed"])
    return folder


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_copy_is_whole_in_whatever_form_its_names_were_written(tmp_path: Path, form: str) -> None:
    folder = exported(tmp_path / "copy", ["Zellen ä/é1.png", "b/2.png"], form=form)
    assert copied(folder) == Copied(2, (), (), ())


def test_what_is_missing_changed_or_more_is_named(tmp_path: Path) -> None:
    folder = exported(tmp_path / "copy", ["a/1.png", "a/2.png", "b/3.png"])
    (folder / "a" / "1.png").unlink()
    (folder / "a" / "2.png").write_bytes(b"other")
    (folder / "b" / "4.png").write_bytes(b"more")
    assert copied(folder) == Copied(3, ("a/1.png",), ("a/2.png",), ("b/4.png",))
