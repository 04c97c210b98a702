"""C-NMC 2019 in its publisher's layout, and the check against the list of hashes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from leukview.domain.errors import UsageError
from training.data import cnmc
from training.data import described as descriptions
from training.data.described import DescribedSet
from training.data.sources import Found

Images = Callable[[Sequence[str]], dict[str, str]]
Described = Callable[..., Path]
TRAINING = [
    f"C-NMC_training_data/fold_{fold}/{kind}/UID_{subject}_{fold + 1}_1_{kind}.bmp"
    for fold, pair in enumerate([("20", "H3"), ("21", "h3"), ("5", "H10")])
    for kind, subject in zip(("all", "hem"), pair, strict=True)
]
PRELIM = [f"C-NMC_test_prelim_phase_data/{n}.bmp" for n in (1, 2)]
FINAL = ["C-NMC_test_final_phase_data/1.bmp"]
SHARED = Path(__file__).parents[4] / "shared" / "data" / "cnmc"


@pytest.fixture
def download(images: Images, described: Described, tmp_path: Path) -> Callable[..., DescribedSet]:
    def make(**words: object) -> DescribedSet:
        images([*TRAINING, *PRELIM, *FINAL])
        toml = described("", kind="cnmc", unit=None, **words)
        return descriptions.read(toml, tmp_path / "home")

    return make


def labels(folder: Path, *rows: str) -> Path:
    table = folder / "images" / cnmc.LABELS
    table.write_text("\n".join(["Patient_ID,new_names,labels", *rows]) + "\n")
    return table


GOOD = ("UID_57_29_1_all.bmp,1.bmp,1", "UID_H49_1_2_hem.bmp,2.bmp,0")


def by_file(found: Found) -> dict[str, tuple[str, str]]:
    return {image.file.rsplit("/", 1)[1]: (image.class_id, image.group) for image in found.images}


def test_class_and_subject_come_from_the_names_and_shared_subjects_are_one(
    download: Callable[..., DescribedSet],
) -> None:
    assert by_file(cnmc.find(download())) == {
        "UID_20_1_1_all.bmp": ("all", "20+21"),
        "UID_21_2_1_all.bmp": ("all", "20+21"),
        "UID_5_3_1_all.bmp": ("all", "5"),
        "UID_H3_1_1_hem.bmp": ("hem", "H3+H10"),
        "UID_h3_2_1_hem.bmp": ("hem", "H3+H10"),
        "UID_H10_3_1_hem.bmp": ("hem", "H3+H10"),
    }


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real sets beside the checkout")
def test_subjects_are_merged_as_in_the_table_of_our_subset() -> None:
    with (SHARED / "images.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) > 900
    for row in rows:
        name = Path(row["file"]).with_suffix(".bmp").name
        assert cnmc.subject_group(name) == row["subject_group"]


def test_the_preliminary_part_comes_in_by_its_table(
    download: Callable[..., DescribedSet], tmp_path: Path
) -> None:
    described = download()
    labels(tmp_path, *GOOD)
    found = cnmc.find(described)
    assert by_file(found)["1.bmp"] == ("all", "57")
    assert by_file(found)["2.bmp"] == ("hem", "H49")
    assert sum(found.left_out.values()) == 1  # the final part has no labels


def test_without_its_table_the_preliminary_part_is_left_out_and_counted(
    download: Callable[..., DescribedSet],
) -> None:
    assert sorted(cnmc.find(download()).left_out.values()) == [1, 2]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["UID_57_29_1_all.bmp,1.bmp,2", GOOD[1]], r"line 2: the label '2'"),
        (["UID_57_29_1_all.bmp,1.bmp,0", GOOD[1]], r"line 2: .*named 'all' but stands under 'hem'"),
        ([*GOOD, GOOD[0]], r"line 4: 1\.bmp stands on line 2 already"),
        ([*GOOD, "UID_57_29_3_all.bmp,3.bmp,1"], r"line 4: there is no .*/3\.bmp"),
        (["subject57,1.bmp,1", GOOD[1]], r"line 2: subject57 is not named UID_"),
        (GOOD[:1], r"does not name .*2\.bmp"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_with_its_line(
    download: Callable[..., DescribedSet], tmp_path: Path, rows: list[str], said: str
) -> None:
    described = download()
    table = labels(tmp_path, *rows)
    with pytest.raises(UsageError, match=said) as told:
        cnmc.find(described)
    assert str(table) in str(told.value)
    assert "Nothing was prepared" in str(told.value)


def test_a_folder_that_the_publisher_has_and_the_download_lacks_is_named(
    download: Callable[..., DescribedSet], tmp_path: Path
) -> None:
    described = download()
    (tmp_path / "images" / TRAINING[1]).unlink()
    with pytest.raises(UsageError, match=r"no images in fold_0/hem.*Unpack"):
        cnmc.find(described)


def manifest(folder: Path, hashes: dict[str, str]) -> Path:
    path = folder / "sums.csv"
    rows = ["path,sha256,size", *(f"C-NMC_Leukemia/x/{n},{h},1" for n, h in hashes.items())]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_full_download_passes_the_check(
    download: Callable[..., DescribedSet], images: Images, tmp_path: Path
) -> None:
    described = download()
    path = manifest(tmp_path, images([*TRAINING, *PRELIM, *FINAL]))
    assert list(cnmc.check(described, path, {})) == []


def test_the_test_parts_may_be_absent_as_a_whole(
    described: Described, images: Images, tmp_path: Path
) -> None:
    hashes = images(TRAINING) | dict.fromkeys([*PRELIM, *FINAL], "0" * 64)
    toml = described("", kind="cnmc", unit=None)
    got = descriptions.read(toml, tmp_path)
    assert list(cnmc.check(got, manifest(tmp_path, hashes), {})) == []


def test_missing_changed_and_extra_files_are_named_ten_of_each(
    download: Callable[..., DescribedSet], images: Images, tmp_path: Path
) -> None:
    described = download()
    hashes = images([*TRAINING, *PRELIM, *FINAL])
    gone = {f"training_data/fold_0/all/UID_9_{n}_1_all.bmp": "0" * 64 for n in range(12)}
    path = manifest(tmp_path, {**hashes, TRAINING[2]: "0" * 64, **gone})
    images(["C-NMC_training_data/fold_0/all/UID_99_1_1_all.bmp"])
    with pytest.raises(UsageError) as told:
        list(cnmc.check(described, path, {}))
    said = str(told.value)
    assert "12 missing (" in said
    assert "and 2 more" in said
    assert said.count("UID_9_") == 10
    assert "1 changed (C-NMC_training_data/fold_1/all/UID_21_2_1_all.bmp)" in said
    assert "1 not in the list (C-NMC_training_data/fold_0/all/UID_99_1_1_all.bmp)" in said
    assert str(path) in said


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real sets beside the checkout")
def test_the_publishers_list_and_labels_fit_the_layout() -> None:
    layout = cnmc.Layout()
    with (SHARED / cnmc.MANIFEST).open(newline="") as lines:
        for row in csv.DictReader(lines):
            layout.add(row["path"])
    assert (len(layout.training), len(layout.prelim), len(layout.final)) == (10_661, 1_867, 2_586)
    with (SHARED / cnmc.LABELS).open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["new_names"] for row in rows} == set(layout.prelim)
    groups = {cnmc.subject_group(row["Patient_ID"]) for row in rows}
    assert not groups & {cnmc.subject_group(Path(key).name) for key in layout.training}
