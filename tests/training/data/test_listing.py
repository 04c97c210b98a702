"""Every image of a described set read once, checked, and written to a table."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from training.data import catalogue, cnmc, listing
from training.data import described as descriptions
from training.data.catalogue import Item

Images = Callable[[Sequence[str]], dict[str, str]]
Described = Callable[..., Path]
FOUR = ["normal/a.png", "normal/b.png", "blast/c.png", "blast/d.png"]


def listed(toml: Path) -> list[Item]:
    home = toml.parent / "home"
    steps = list(listing.write(descriptions.read(toml, home)))
    assert isinstance(steps[-1], Progress)
    return catalogue.load(Path("unused"), listing.open_set(toml, home))


def test_a_listing_has_every_image_with_class_and_hash_and_is_read_as_our_own_tables(
    images: Images, described: Described, tmp_path: Path
) -> None:
    hashes = images(FOUR)
    toml = described()
    got = {item.file: (item.class_id, item.sha256) for item in listed(toml)}
    assert got == {name: (name.split("/")[0], h) for name, h in hashes.items()}
    assert listing.open_set(toml, tmp_path / "home").sides == (24, 24)


def test_before_prepare_the_remedy_is_named(
    images: Images, described: Described, tmp_path: Path
) -> None:
    images(FOUR)
    with pytest.raises(UsageError, match=r"mine\.images\.csv is missing.*training prepare"):
        catalogue.load(tmp_path, listing.open_set(described(), tmp_path))


def test_duplicates_and_near_duplicates_name_the_first_of_their_cluster(
    images: Images, described: Described, tmp_path: Path
) -> None:
    images(FOUR)
    place = tmp_path / "images"
    one = cv2.imread(str(place / "normal/a.png"))
    (place / "normal/e.png").write_bytes((place / "normal/b.png").read_bytes())
    cv2.imwrite(str(place / "normal/f.png"), np.clip(one.astype(int) + 5, 0, 255).astype(np.uint8))
    cv2.imwrite(str(place / "normal/g.jpg"), one)
    twins = {item.file: item.twin_of for item in listed(described()) if item.twin_of}
    assert twins == {
        "normal/e.png": "normal/b.png",
        "normal/f.png": "normal/a.png",
        "normal/g.jpg": "normal/a.png",
    }
    assert any("3 images repeat" in note for note in listing.facts(tmp_path / "home", "mine").notes)
    by_bytes = {i.file for i in listed(described(near_duplicates="bytes")) if i.twin_of}
    assert by_bytes == {"normal/e.png"}


def test_equal_images_of_two_classes_are_refused(
    images: Images, described: Described, tmp_path: Path
) -> None:
    images(FOUR)
    place = tmp_path / "images"
    (place / "blast/e.png").write_bytes((place / "normal/b.png").read_bytes())
    with pytest.raises(UsageError, match=r"blast/e\.png is blast, normal/b\.png is normal"):
        listed(described())


def test_unreadable_images_are_all_counted_and_ten_are_named(
    images: Images, described: Described, tmp_path: Path
) -> None:
    images(FOUR)
    for n in range(12):
        (tmp_path / "images" / "blast" / f"bad{n:02}.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"12 images cannot be read.*bad09.*and 2 more") as told:
        listed(described())
    assert str(told.value).count("bad") == 10
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("kept", [["normal/a.png"], []], ids=["one class", "no image"])
def test_a_class_without_images_is_named(
    images: Images, described: Described, tmp_path: Path, kept: list[str]
) -> None:
    (tmp_path / "images").mkdir()
    images(kept)
    with pytest.raises(UsageError, match=r"set\.toml: no image is of class .*blast.*Add images"):
        listed(described())


def test_a_reviewed_image_that_changed_is_refused_by_name(
    images: Images, described: Described, tmp_path: Path
) -> None:
    from leukview.domain import table as tables
    from leukview.domain.table import Row

    hashes = images(["a.png", "b.png"])
    hashes["b.png"] = "0" * 64
    rows = [
        Row(
            image=name,
            folder="images",
            sha256=h,
            decision=c,
            decision_state="agreed",
            probabilities={},
        )
        for (name, h), c in zip(hashes.items(), ("normal", "blast"), strict=True)
    ]
    text = "".join(tables.csv_lines(rows, (), bom=False))
    (tmp_path / "labels.csv").write_text(text, newline="")
    toml = described(kind="reviewed", table="labels.csv")
    with pytest.raises(UsageError, match=r"1 images are not those .*b\.png .*labels\.csv, line 3"):
        listed(toml)


@pytest.mark.parametrize(
    ("patients", "word"), [(("7", "8"), "patient"), (("7", ""), "patient or folder")]
)
def test_figures_by_folder_are_not_called_figures_by_patient(
    images: Images, described: Described, tmp_path: Path, patients: tuple[str, str], word: str
) -> None:
    from leukview.domain import table as tables
    from leukview.domain.table import Row

    hashes = images(["a.png", "b.png"])
    rows = [
        Row(
            image=name,
            folder="images",
            sha256=h,
            patient=patient,
            decision=c,
            decision_state="agreed",
            probabilities={},
        )
        for (name, h), patient, c in zip(hashes.items(), patients, ("normal", "blast"), strict=True)
    ]
    text = "".join(tables.csv_lines(rows, (), bom=False))
    (tmp_path / "labels.csv").write_text(text, newline="")
    toml, home = described(kind="reviewed", table="labels.csv"), tmp_path / "home"
    listed(toml)
    assert listing.open_set(toml, home).group_word == word
    notes = listing.facts(home, "mine").notes
    assert any("1 of 2 images have no patient" in note for note in notes) == ("" in patients)


def test_c_nmc_is_checked_against_the_list_that_lies_beside_it(
    images: Images, described: Described, tmp_path: Path
) -> None:
    names = [
        f"fold_{fold}/{kind}/UID_{'H' if kind == 'hem' else ''}{fold + 1}_1_1_{kind}.bmp"
        for fold in range(3)
        for kind in ("all", "hem")
    ]
    hashes = images(names)
    toml = described("", kind="cnmc", unit=None)
    assert len(listed(toml)) == 6
    assert "not checked" in listing.facts(tmp_path / "home", "mine").notes[0]
    with (tmp_path / "images" / cnmc.MANIFEST).open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["path", "sha256", "size"])
        table.writerows([f"C-NMC/{name}", h, 1] for name, h in hashes.items())
    assert len(listed(toml)) == 6
    assert listing.facts(tmp_path / "home", "mine").notes == ()
    images([names[3], names[2]])
    with pytest.raises(UsageError, match=r"2 changed \(fold_1/all/UID_2_1_1_all\.bmp"):
        listed(toml)
