"""Every format of an export read back, de-identified ones searched, and copies used by training."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import openpyxl
import pytest
from PIL import Image, PngImagePlugin
from pyarrow import parquet

from leukview.__main__ import main
from leukview.domain import table
from leukview.domain.errors import OutputError
from leukview.domain.progress import CancelToken
from leukview.workflows import export
from leukview.workflows.export import Format, Order
from leukview.workflows.opened import Batch, Opening, fresh_rows, run_model
from training.data import described, reviewed

SECRET = "Erika-Musterfrau"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images that tell a name everywhere: in folder, file, EXIF and PNG text."""
    home = tmp_path / f"{SECRET} 1960 ü"
    for name, level in (("hem/a.png", 20), ("all/b.jpg", 240), ("=c.png", 120)):
        path = home / Path(name).parent / f"{Path(name).stem}-{SECRET}{Path(name).suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x010E] = SECRET
        text = PngImagePlugin.PngInfo()
        text.add_text("Patient", SECRET)
        image = Image.new("RGB", (20, 20), (level, level, level))
        image.save(path, exif=exif, **({"pnginfo": text} if path.suffix == ".png" else {}))
    return home


@pytest.fixture
def opened(folder: Path, toy_model: Path):
    """Classified; the first two are decided, the last one is not."""
    opening = Opening([folder], model=str(toy_model), reviewer=f"Dr {SECRET}")
    list(opening.steps(CancelToken()))
    made = opening.take()
    assert made is not None
    assert made.choice is not None
    for step in run_model(made, made.choice.model, fresh_rows(made), "cpu", CancelToken()):
        if isinstance(step, Batch):
            made.review.add_results(step.rows, step.results)
    rows = {Path(image.name).name[:1]: row for row, image in enumerate(made.review.images)}
    made.review.decide([rows["a"]], "hem")
    made.review.decide([rows["b"]], "hem")
    made.review.exclude([rows["="]], f"belongs to {SECRET}")
    made.store.flush()
    yield made
    made.close()


def written(opened, path: Path, **words) -> export.Written:
    order = Order(path=path, format=words.pop("format", export.Format.CSV), **words)
    return list(export.export(export.exportable(opened, "cpu"), order))[-1]


def rows_in(path: Path) -> list[table.Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(table.parse(file))


def test_every_table_names_the_head_of_the_log_and_holds_the_same(opened, tmp_path):
    head = opened.store.head()
    comma, semicolon = tmp_path / "a.csv", tmp_path / "b.csv"
    written(opened, comma)
    written(opened, semicolon, format=Format.SEMICOLON)
    rows = rows_in(comma)
    assert rows == rows_in(semicolon)
    assert {(row.log_events, row.log_head) for row in rows} == {(head.events, head.sha256)}

    written(opened, tmp_path / "c.xlsx", format=Format.XLSX)
    book = openpyxl.load_workbook(tmp_path / "c.xlsx")
    lines = list(book["Images"].iter_rows(values_only=True))
    by_name = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert [one["confidence"] for one in by_name] == [row.confidence for row in rows]
    assert {type(one["excluded"]) for one in by_name} == {bool}
    odd = next(one for one in by_name if one["name_escaped"])
    assert odd["image"].startswith("'=")
    assert {cell.data_type for line in book["Images"].iter_rows() for cell in line} <= set("nsb")
    assert book["Images"].freeze_panes == "B2"
    about = dict(book["About"].iter_rows(values_only=True))
    assert about["Head of the log"] == head.sha256
    assert about["Notice"] == "Research use only. Not for diagnosis."

    written(opened, tmp_path / "d.parquet", format=Format.PARQUET)
    found = parquet.read_table(tmp_path / "d.parquet")
    assert found["image"].to_pylist() == [row.image for row in rows]
    assert found["confidence"].to_pylist() == [row.confidence for row in rows]
    assert str(found.schema.field("decided_at").type) == "timestamp[ms, tz=UTC]"
    assert found.schema.metadata[b"leukview.log_head"].decode() == head.sha256


def test_a_copy_of_the_images_holds_the_decided_ones_and_training_takes_it(opened, tmp_path):
    copy = tmp_path / "copy"
    done = written(opened, copy, format=Format.IMAGES)
    assert (done.images, done.left_out) == (2, {"excluded": 1})
    names = sorted(p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_file())
    assert names[1:3] == [f"hem/a-{SECRET}.png", f"hem/b-{SECRET}.jpg"]
    read = described.read(copy / "set.toml", tmp_path / "home")
    found = reviewed.find(read).images
    assert {(one.file, one.class_id) for one in found} == {(n, "hem") for n in names[1:3]}
    for one in found:
        assert hashlib.sha256((copy / one.file).read_bytes()).hexdigest() == one.sha256
    (copy / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match="left as it is"):
        written(opened, copy, format=Format.IMAGES)
    written(opened, copy, format=Format.IMAGES, force=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.doc").write_text("x")
    with pytest.raises(OutputError, match="left as it is"):
        written(opened, other, format=Format.IMAGES, force=True)
    assert (other / "thesis.doc").read_text() == "x"


@pytest.mark.parametrize("form", Format)
def test_no_name_is_in_any_byte_of_a_deidentified_export(opened, tmp_path, form):
    out = tmp_path / "out"
    out.mkdir()
    path = out / f"x{form.ending}"
    done = written(opened, path, format=form, deidentify=True)
    secret = done.order.map_path
    assert SECRET.encode() in secret.read_bytes()
    assert secret.read_bytes().startswith(b"PRIVATE")
    assert secret.stat().st_mode & 0o077 == 0
    secret.unlink()
    left = [p for p in out.rglob("*") if p.is_file()]
    assert left
    hashes = [one for one in opened.review.sha256 if one]
    for one in left:
        data = text_of(one)
        # Long enough not to stand by chance in the hash of the log, which every export names.
        for mark in (SECRET, SECRET.lower(), SECRET[6:], *hashes):
            assert mark.encode() not in data, f"{mark} in {one.name}"
    if form is Format.IMAGES:
        assert {p.stat().st_mtime for p in left} == {946_684_800}
    elif form is Format.CSV:
        rows = rows_in(path)
        assert {row.image for row in rows} == {"image-0001", "image-0002", "image-0003"}
        assert {row.sha256 for row in rows} == {""}


def text_of(path: Path) -> bytes:
    """All bytes, of a packed file also those that are packed in it."""
    data = path.read_bytes()
    if path.suffix == ".xlsx":
        import zipfile

        with zipfile.ZipFile(path) as parts:
            data += b"".join(parts.read(name) for name in parts.namelist())
    if path.suffix == ".parquet":
        data += str(parquet.read_table(path).to_pylist()).encode()
    return data


def test_a_file_that_changed_since_it_was_decided_is_not_copied(opened, folder, tmp_path):
    what = export.exportable(opened, "cpu")
    (folder / "hem" / f"a-{SECRET}.png").write_bytes(b"another")
    order = Order(path=tmp_path / "copy", format=Format.IMAGES)
    with pytest.raises(OutputError, match="changed on the disk"):
        list(export.export(what, order))
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith((".leukview", "copy"))] == []


def test_a_stopped_copy_leaves_nothing(opened, tmp_path):
    token = CancelToken()
    order = Order(path=tmp_path / "copy", format=Format.IMAGES)
    steps = export.export(export.exportable(opened, "cpu"), order, token)
    assert next(steps).done == 1
    token.cancel()
    with pytest.raises(OutputError, match="stopped"):
        list(steps)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith((".leukview", "copy"))] == []


def test_the_command_line_exports_what_the_window_recorded(opened, folder, tmp_path, capsys):
    out = tmp_path / "x.csv"
    assert main(["export", str(folder), "--out", str(out)]) == 0
    head = opened.store.head()
    assert f"{head.events} events; its head is {head.sha256}" in capsys.readouterr().err
    with out.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert sorted(line["decision"] for line in lines) == ["", "hem", "hem"]
    assert main(["export", str(folder), "--out", str(out)]) == 5
    assert main(["export", str(folder), "--out", str(tmp_path / "x")]) == 2
    assert main(["export", str(folder), "--out", str(out), "--force", "--deidentify"]) == 0
    assert (tmp_path / "x-PRIVATE-names.csv").is_file()


def test_the_command_line_exports_the_session_itself(opened, folder, tmp_path, capsys):
    out = tmp_path / "x.leukview"
    assert main(["export", str(folder), "--out", str(out)]) == 0
    head = opened.store.head()
    assert f"{head.events} events; its head is {head.sha256}" in capsys.readouterr().err
    assert main(["verify", str(out)]) == 0
    assert main(["export", str(folder), "--out", str(out)]) == 5
    assert main(["export", str(folder), "--out", str(out), "--force", "--deidentify"]) == 2


def test_a_look_at_the_table_leaves_out_what_must_not_be_seen_yet(opened, tmp_path):
    what = export.exportable(opened, "cpu")
    order = Order(path=tmp_path / "a.csv", format=Format.CSV)
    names, rows = export.preview(what, order, hidden={1})
    suggested = [row[names.index("suggestion")] for row in rows]
    assert [bool(word) for word in suggested] == [True, False, True]
    probabilities = [at for at, name in enumerate(names) if name.startswith("p_")]
    assert [bool(rows[1][at] or rows[1][names.index("confidence")]) for at in probabilities] == [
        False,
        False,
    ]
    whole = export.preview(what, order)[1]
    assert whole[0] == rows[0]
    assert whole[1] != rows[1]


def test_a_look_at_the_copies_shows_the_decided_images_only(opened, tmp_path):
    order = Order(path=tmp_path / "copies", format=Format.IMAGES)
    names, rows = export.preview(export.exportable(opened, "cpu"), order)
    written(opened, tmp_path / "copies", format=Format.IMAGES)
    found = {p.relative_to(tmp_path / "copies").as_posix() for p in tmp_path.glob("copies/*/*")}
    assert names == ["file", "patient", "slide"]
    assert {row[0] for row in rows} == found
    assert len(found) == 2


def test_the_names_of_one_export_are_not_replaced_by_those_of_another_format(tmp_path):
    paths = [tmp_path / f"x{ending}" for ending in (".csv", ".xlsx", ".parquet", ".jsonl", "")]
    maps = {Order(path=path, deidentify=True).map_path.name for path in paths[:4]}
    assert len(maps) == 4
    assert Order(path=paths[4], deidentify=True).map_path.name == "x-PRIVATE-names.csv"
