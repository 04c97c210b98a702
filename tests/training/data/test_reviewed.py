"""Labels from a table that LeukView exported, with the folder of its images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from leukview.domain import table as tables
from leukview.domain.errors import UsageError
from leukview.domain.table import Dialect, Row
from training.data import described as descriptions
from training.data import reviewed
from training.data.sources import Found

Images = Callable[[Sequence[str]], dict[str, str]]
Described = Callable[..., Path]
IDS = ("normal", "blast")


def row(image: str, sha256: str, decision: str = "blast", **words: object) -> Row:
    """A decided row whose suggestion is always wrong."""
    said: dict[str, object] = {
        "decision_state": "changed",
        "folder": "images",
        "suggestion": "normal" if decision == "blast" else "blast",
        "probabilities": {"normal": 0.5, "blast": 0.5},
    } | words
    return Row(image=image, sha256=sha256, decision=decision, **said)  # type: ignore[arg-type]


def export(path: Path, rows: Sequence[Row]) -> Path:
    csv = path.suffix == ".csv"
    lines = tables.csv_lines(rows, IDS, bom=True) if csv else tables.json_lines(rows, IDS)
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


@pytest.fixture
def found(described: Described, tmp_path: Path) -> Callable[..., Found]:
    def read(rows: Sequence[Row], name: str = "labels.csv", **words: object) -> Found:
        export(tmp_path / name, rows)
        toml = described(kind="reviewed", table=name, **words)
        return reviewed.find(descriptions.read(toml, tmp_path / "home"))

    return read


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl"])
def test_decisions_win_and_what_is_not_decided_is_left_out_and_counted(
    images: Images, found: Callable[..., Found], name: str
) -> None:
    h = images([f"{n}.png" for n in "abcdefg"])
    rows = [
        row("a.png", h["a.png"], "blast"),
        row("b.png", h["b.png"], "normal", decision_state="agreed"),
        row("c.png", h["c.png"], "", decision_state="undecided"),
        row("d.png", h["d.png"], "", decision_state="undecided"),
        row("e.png", h["e.png"], "blast", decision_state="unsure"),
        row("f.png", h["f.png"], "", decision_state="excluded", excluded=True),
        row("g.png", h["g.png"], "blast", status="error"),
    ]
    got = found(rows, name)
    assert [(i.file, i.class_id, i.sha256) for i in got.images] == [
        ("a.png", "blast", h["a.png"]),
        ("b.png", "normal", h["b.png"]),
    ]
    assert sorted(got.left_out.values()) == [1, 1, 1, 2]
    assert got.left_out["undecided by the reviewer"] == 2


def test_a_table_with_semicolons_and_decimal_commas_is_prepared(
    images: Images, described: Described, tmp_path: Path
) -> None:
    h = images(["a.png"])
    lines = tables.csv_lines([row("a.png", h["a.png"])], IDS, bom=True, dialect=Dialect.SEMICOLON)
    (tmp_path / "labels.csv").write_text("".join(lines), encoding="utf-8", newline="")
    toml = described(kind="reviewed", table="labels.csv")
    got = reviewed.find(descriptions.read(toml, tmp_path / "home"))
    assert [(i.file, i.class_id) for i in got.images] == [("a.png", "blast")]


def test_a_group_is_the_patient_else_the_slide_else_the_folder(
    images: Images, found: Callable[..., Found]
) -> None:
    names = ["a.png", "b.png", "c.png", "in/d.png", "e.png"]
    h = images(names)
    rows = [
        row("a.png", h["a.png"], patient="7", slide="S1"),
        row("b.png", h["b.png"], slide="S1"),  # of patient 7, as the row above says
        row("c.png", h["c.png"], slide="S2"),
        row("in/d.png", h["in/d.png"]),
        row("e.png", h["e.png"]),
    ]
    got = [image.group for image in found(rows).images]
    assert got == ["patient 7", "patient 7", "slide S2", "folder in", "folder images"]


def test_escaped_names_come_back_as_the_files_are_called(
    images: Images, found: Callable[..., Found]
) -> None:
    h = images(["=1+1.png", "'b.png"])
    rows = [row(name, h[name]) for name in h]
    assert [image.file for image in found(rows).images] == ["=1+1.png", "'b.png"]


def test_aliases_are_decisions_too(images: Images, found: Callable[..., Found]) -> None:
    h = images(["a.png"])
    assert found([row("a.png", h["a.png"], "healthy")]).images[0].class_id == "normal"


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl"])
def test_an_unknown_class_is_refused_with_table_line_and_remedy(
    images: Images, found: Callable[..., Found], name: str
) -> None:
    h = images(["a.png", "b.png"])
    rows = [row("a.png", h["a.png"], comment="two\nlines"), row("b.png", h["b.png"], "ghost")]
    line = 4 if name == "labels.csv" else 2
    with pytest.raises(UsageError, match=rf"{name}, line {line}: b\.png .*'ghost'.*`aliases`"):
        found(rows, name)


@pytest.mark.parametrize("image", ["../out.png", "/etc/x.png", "a/../../out.png", "a\\b.png", ""])
def test_a_path_outside_the_folder_is_refused(
    images: Images, found: Callable[..., Found], image: str
) -> None:
    h = images(["a.png", "../out.png"])
    with pytest.raises(UsageError, match=r"labels\.csv, line 3: .* lies outside .*Export"):
        found([row("a.png", h["a.png"]), row(image, h["a.png"])])


def test_a_link_that_leads_outside_is_refused(
    images: Images, found: Callable[..., Found], tmp_path: Path
) -> None:
    h = images(["a.png", "../out.png"])
    (tmp_path / "images" / "b.png").symlink_to(tmp_path / "out.png")
    with pytest.raises(UsageError, match=r"line 2: 'b\.png' lies outside"):
        found([row("b.png", h["../out.png"])])


def test_images_that_are_gone_are_named_with_their_lines(
    images: Images, found: Callable[..., Found]
) -> None:
    h = images(["a.png"])
    rows = [row(f"{n}.png", "0" * 64) for n in range(12)] + [row("a.png", h["a.png"])]
    with pytest.raises(UsageError, match=r"names 12 images .*0\.png \(line 2\).*and 2 more"):
        found(rows)


def test_an_image_twice_is_refused(images: Images, found: Callable[..., Found]) -> None:
    h = images(["a.png"])
    rows = [row("a.png", h["a.png"]), row("a.png", h["a.png"], "normal")]
    with pytest.raises(UsageError, match=r"line 3: a\.png stands on line 2 already"):
        found(rows)


def test_a_row_without_hash_is_refused(images: Images, found: Callable[..., Found]) -> None:
    images(["a.png"])
    with pytest.raises(UsageError, match=r"line 2: a\.png has no SHA-256"):
        found([row("a.png", "")])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("labels.xlsx", "x", "neither .csv nor .jsonl"),
        ("labels.csv", "a,b\r\n1,2\r\n", "does not have LeukView's columns"),
        ("labels.csv", "\ufeffimage;folder;sha256\r\n", "does not have LeukView's columns"),
        ("labels.jsonl", "{\n", r"labels\.jsonl, line 1 is not a row"),
        ("labels.jsonl", '{"image": 3}\n', r"labels\.jsonl, line 1 is not a row"),
    ],
)
def test_another_table_is_refused_by_name(
    images: Images, described: Described, tmp_path: Path, name: str, text: str, said: str
) -> None:
    images(["a.png"])
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    toml = described(kind="reviewed", table=name)
    with pytest.raises(UsageError, match=said) as told:
        reviewed.find(descriptions.read(toml, tmp_path))
    assert name in str(told.value)


def test_a_missing_table_is_named(images: Images, described: Described, tmp_path: Path) -> None:
    images(["a.png"])
    toml = described(kind="reviewed", table="gone.csv")
    with pytest.raises(UsageError, match=r"gone\.csv cannot be read.*`table`"):
        reviewed.find(descriptions.read(toml, tmp_path))


def test_an_undecided_row_tells_whose_a_slide_is(
    images: Images, found: Callable[..., Found]
) -> None:
    h = images(["a.png", "b.png", "c.png"])
    rows = [
        row("a.png", h["a.png"], "", decision_state="undecided", slide="S1", patient="7"),
        row("b.png", h["b.png"], slide="S1"),
        row("c.png", h["c.png"], slide="S2", patient="7"),
    ]
    assert {image.group for image in found(rows).images} == {"patient 7"}


def test_a_slide_of_two_patients_is_refused_for_an_image_of_neither(
    images: Images, found: Callable[..., Found]
) -> None:
    h = images(["a.png", "b.png", "c.png"])
    rows = [
        row("a.png", h["a.png"], slide="S1", patient="7"),
        row("b.png", h["b.png"], slide="S1", patient="8"),
    ]
    assert len(found(rows).images) == 2
    with pytest.raises(UsageError, match=r"c\.png has no patient.*S1 is of 7, 8.*column `patient`"):
        found([*rows, row("c.png", h["c.png"], slide="S1")])
