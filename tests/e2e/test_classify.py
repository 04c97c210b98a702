"""`leukview classify` through main(), from files on the disk to the table."""

import csv
import io
import json
import logging
import os
import shutil
import signal
import sys

import pytest

from leukview import __version__
from leukview.__main__ import main
from leukview.cli import classify as command
from leukview.domain import table
from leukview.domain.errors import OutputError
from leukview.inference import providers
from leukview.inference.model_file import shipped
from leukview.reports import csv_export
from leukview.resources import path as resource


@pytest.fixture
def run(toy_model):
    """`run(folder, "--out", file)` with the toy model on the CPU."""

    def call(*arguments, model=toy_model, device="cpu"):
        words = [str(word) for word in arguments]
        return main(["classify", *words, "--model", str(model), "--device", device])

    return call


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_holds_every_image_in_natural_order(run, image_folder, tmp_path, capsys):
    folder = image_folder({"hem/10.png": 5, "hem/9.png": 8, "all/1.png": 250, "x/ä 細.png": 251})
    out = tmp_path / "x.csv"
    assert run(folder, "--out", out) == 0
    rows = rows_of(out)
    assert [r["image"] for r in rows] == ["all/1.png", "hem/9.png", "hem/10.png", "x/ä 細.png"]
    assert [r["suggestion"] for r in rows] == ["all", "hem", "hem", "all"]
    assert [r["true_class"] for r in rows] == ["all", "hem", "hem", ""]
    assert list(rows[0]) == table.columns(["hem", "all"])
    first = rows[0]
    assert (first["folder"], first["device"], first["status"]) == ("slides", "cpu", "ok")
    assert (first["model"], first["app_version"]) == ("toy-2", __version__)
    assert float(first["p_hem"]) + float(first["p_all"]) == pytest.approx(1, abs=2e-6)
    assert float(first["confidence"]) == float(first["p_all"])
    assert str(tmp_path) not in out.read_text("utf-8")
    text = capsys.readouterr()
    assert text.out == ""
    assert "Suggested: Normal (hem) 2, ALL blast (all) 2." in text.err
    assert "Research use only. Not for diagnosis." in text.err


def test_what_was_written_can_be_parsed_back(run, image_folder, tmp_path):
    folder = image_folder({"=1+1.png": 5, "2.png": 250})
    out = tmp_path / "x.csv"
    assert run(folder, "--out", out, "--excel") == 0
    raw = out.read_bytes()
    assert raw.startswith("\N{ZERO WIDTH NO-BREAK SPACE}image,".encode())
    assert raw.count(b"\r\n") == 3
    parsed = list(table.parse(io.StringIO(raw.decode(), newline="")))
    assert sorted(row.image for row in parsed) == ["2.png", "=1+1.png"]
    assert "'=1+1.png" in raw.decode()


def test_json_lines_hold_the_same(run, image_folder, tmp_path):
    folder = image_folder()
    assert run(folder, "--out", tmp_path / "a.csv") == 0
    assert run(folder, "--out", tmp_path / "a.jsonl") == 0
    assert run(folder, "--out", tmp_path / "b.txt", "--format", "jsonl") == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.txt").read_bytes()
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    rows = rows_of(tmp_path / "a.csv")
    assert [line["sha256"] for line in lines] == [row["sha256"] for row in rows]
    assert all(
        abs(line["p_all"] - float(row["p_all"])) < 1e-6
        for line, row in zip(lines, rows, strict=True)
    )


def test_standard_output_gets_data_only(run, image_folder, capfdbinary):
    assert run(image_folder(), "--out", "-") == 0
    out, err = capfdbinary.readouterr()
    assert out.count(b"\r\n") == 7
    assert out.startswith(b"image,")
    assert b"Research use only" in err


def test_without_out_a_table_is_shown(run, image_folder, capsys):
    folder = image_folder({"1.png": 5, "2.png": 127, "3.png": (90, 20, 20)})
    (folder / "4.png").write_bytes(b"")
    assert run(folder) == 1
    out = capsys.readouterr().out
    assert "Normal" in out
    assert "review" in out
    assert "unfamiliar" in out
    assert "empty" in out


def test_a_long_table_on_the_terminal_says_how_to_get_all(run, image_folder, capsys, monkeypatch):
    monkeypatch.setattr(command, "_TABLE_LINES", 2)
    assert run(image_folder()) == 0
    assert "and 4 more. --out FILE writes all of them." in capsys.readouterr().out


def test_bad_images_are_rows_with_errors_and_the_code_says_so(run, image_folder, tmp_path, capsys):
    folder = image_folder({"good.png": 5})
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("no image")
    data = (folder / "good.png").read_bytes()
    (folder / "cut.png").write_bytes(data[: len(data) // 2])
    shutil.copy(folder / "good.png", folder / "twin.png")
    out = tmp_path / "x.csv"
    assert run(folder, "--out", out) == 1
    rows = {r["image"]: r for r in rows_of(out)}
    assert len(rows) == 5
    assert {n for n, r in rows.items() if r["status"] == "error"} == {
        "empty.png",
        "text.jpg",
        "cut.png",
    }
    assert all(r["suggestion"] == "" and r["confidence"] == "" for r in rows.values() if r["error"])
    assert rows["good.png"]["sha256"] == rows["twin.png"]["sha256"]
    assert "3 of 5 images could not be read" in capsys.readouterr().err


def test_odd_files_end_in_rows_never_in_a_crash(run, shared, tmp_path, capsys):
    out = tmp_path / "x.csv"
    assert run(shared / "data" / "odd_files", "--out", out) == 1
    rows = rows_of(out)
    assert len(rows) == 17  # the .gif is not an image by its ending
    assert sum(r["status"] == "error" for r in rows) == 5
    assert all(bool(r["error"]) == (r["status"] == "error") for r in rows)
    assert all(len(r["sha256"]) == 64 for r in rows)
    assert "1 other file was left out" in capsys.readouterr().err


def test_folders_inside_can_be_left_out_and_quiet_is_quiet(run, image_folder, tmp_path, capsys):
    folder = image_folder({"1.png": 5, "in/2.png": 6})
    assert run(folder, "--out", tmp_path / "x.csv", "--no-recursive", "-q") == 0
    assert len(rows_of(tmp_path / "x.csv")) == 1
    assert capsys.readouterr() == ("", "")


def test_the_batch_size_changes_nothing(run, image_folder, tmp_path):
    folder = image_folder()
    for size in (1, 5, 64):
        assert run(folder, "--out", tmp_path / f"{size}.csv", "--batch-size", size) == 0
    assert len({(tmp_path / f"{size}.csv").read_bytes() for size in (1, 5, 64)}) == 1


@pytest.mark.parametrize("what", ["empty", "missing"])
def test_nothing_to_classify_is_2(run, tmp_path, what, capsys):
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / what, "--out", tmp_path / "x.csv") == 2
    assert not (tmp_path / "x.csv").exists()
    assert "Nothing was read" in capsys.readouterr().err


def test_contradicting_options_are_2(run, image_folder, tmp_path):
    folder, out = image_folder(), tmp_path / "x.jsonl"
    assert run(folder, "--require-gpu") == 2
    assert run(folder, "--excel", "--out", out) == 2
    assert run(folder, device="gpu") == 2
    assert run(folder, model="nothing") == 2
    assert not out.exists()


def test_a_demanded_gpu_that_is_not_there_is_3(run, image_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("leukview.inference.providers._gpus", lambda: ())
    out = tmp_path / "x.csv"
    assert run(image_folder(), "--out", out, "--require-gpu", device="auto") == 3
    assert not out.exists()
    assert run(image_folder(), "--out", out, device="cuda") == 0
    assert "The CPU is used:" in capsys.readouterr().err


def test_a_model_that_is_none_is_4(run, image_folder, tmp_path, capsys):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"bad")
    assert run(image_folder(), "--out", tmp_path / "x.csv", model=bad) == 4
    assert not (tmp_path / "x.csv").exists()
    assert "Nothing was classified" in capsys.readouterr().err


def test_an_existing_file_is_kept_without_force(run, image_folder, tmp_path):
    out = tmp_path / "x.csv"
    out.write_text("mine")
    assert run(image_folder(), "--out", out) == 5
    assert out.read_text() == "mine"
    assert run(image_folder(), "--out", out, "--force") == 0
    assert len(rows_of(out)) == 6


def test_an_output_that_cannot_be_written_is_5_before_the_work(
    run, image_folder, tmp_path, monkeypatch
):
    folder = image_folder()
    monkeypatch.setattr(command, "classify_folder", lambda *_, **__: pytest.fail("work was done"))
    assert run(folder, "--out", tmp_path / "gone" / "x.csv") == 5
    assert run(folder, "--out", tmp_path) == 5
    monkeypatch.setattr(command.os, "access", lambda *_: False)
    assert run(folder, "--out", tmp_path / "x.csv") == 5


def test_a_disk_that_fails_at_the_end_loses_no_result(
    run, image_folder, tmp_path, monkeypatch, capsys
):
    out, real = tmp_path / "x.csv", csv_export.write

    def fail(path, lines, **more):
        if path == out:
            raise OutputError("The disk is full.")
        return real(path, lines, **more)

    monkeypatch.setattr(csv_export, "write", fail)
    assert run(image_folder(), "--out", out) == 5
    assert not out.exists()
    assert len((tmp_path / "x.csv.part.jsonl").read_text("utf-8").splitlines()) == 6
    assert "x.csv.part.jsonl" in capsys.readouterr().err


def test_a_file_that_appears_during_the_run_is_kept(run, image_folder, tmp_path, monkeypatch):
    out, real = tmp_path / "x.csv", command.classify_folder

    def meanwhile(*arguments, **more):
        yield from real(*arguments, **more)
        out.write_text("mine")

    monkeypatch.setattr(command, "classify_folder", meanwhile)
    assert run(image_folder(), "--out", out) == 5
    assert out.read_text() == "mine"
    assert (tmp_path / "x.csv.part.jsonl").exists()


def interrupt_after_the_first(monkeypatch):
    monkeypatch.setattr("leukview.inference.pipeline.YIELD_SECONDS", 0)
    real = command.classify_folder

    def interrupted(*arguments, **more):
        for batch in real(*arguments, **more):
            yield batch
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(command, "classify_folder", interrupted)


def test_ctrl_c_keeps_what_was_done_and_writes_no_half_table(
    run, image_folder, tmp_path, monkeypatch, capsys
):
    interrupt_after_the_first(monkeypatch)
    out = tmp_path / "x.csv"
    assert run(image_folder(), "--out", out, "--batch-size", "1") == 130
    assert not out.exists()
    part = tmp_path / "x.csv.part.jsonl"
    assert [json.loads(line)["image"] for line in part.read_text("utf-8").splitlines()] == [
        "d1.png"
    ]
    err = capsys.readouterr().err
    assert "Stopped after 1 of 6 images" in err
    assert str(part) in err


def test_ctrl_c_without_a_file_says_that_nothing_was_kept(run, image_folder, monkeypatch, capsys):
    interrupt_after_the_first(monkeypatch)
    assert run(image_folder(), "--out", "-", "--batch-size", "1") == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert "no --out FILE was given" in err


def test_an_impatient_second_ctrl_c_says_that_nothing_was_kept(
    run, image_folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("leukview.cli.terminal.IMPATIENT_SECONDS", 0)
    real = command.classify_folder

    def interrupted(*arguments, **more):
        yield from real(*arguments, **more)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(command, "classify_folder", interrupted)
    assert run(image_folder(), "--out", tmp_path / "x.csv") == 130
    assert not (tmp_path / "x.csv").exists()
    assert "Stopped at once" in capsys.readouterr().err


def test_ctrl_c_during_the_search_is_130(run, image_folder, monkeypatch, capsys):
    real = command.open_folder

    def interrupted(*arguments, **more):
        signal.raise_signal(signal.SIGINT)
        return real(*arguments, **more)

    monkeypatch.setattr(command, "open_folder", interrupted)
    assert run(image_folder()) == 130
    assert "Nothing was classified" in capsys.readouterr().err


class Gpu:
    """Stands in for a session on a GPU that is lost after some runs."""

    def __init__(self, session, lasts):
        self.session, self.left = session, lasts

    def run(self, names, feed):
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("CUDA error 719: unspecified launch failure")
        return self.session.run(names, feed)


@pytest.fixture
def lose_gpu(monkeypatch):
    """`lose_gpu(n)`: there is a GPU, and it is lost after n batches."""
    real = providers.open_session

    def after(batches):
        def opened(data, device="auto", *, require=False):
            session, cpu = real(data, "cpu")
            if device == "cpu":
                return session, cpu
            gpu = providers.Device(device, "cuda:0", "CUDA · Toy", False, "")
            return Gpu(session, batches), gpu

        monkeypatch.setattr(providers, "open_session", opened)

    return after


def test_a_gpu_lost_in_the_run_keeps_its_results_when_it_was_required(
    run, image_folder, tmp_path, lose_gpu, capsys
):
    lose_gpu(2)
    folder, out = image_folder(), tmp_path / "x.csv"
    how = ("--require-gpu", "--batch-size", "1")
    assert run(folder, "--out", out, *how, device="auto") == 3
    assert not out.exists()
    part = tmp_path / "x.csv.part.jsonl"
    lines = [json.loads(line) for line in part.read_text("utf-8").splitlines()]
    assert [line["image"] for line in lines] == ["d1.png", "d2.png"]
    assert {line["device"] for line in lines} == {"cuda:0"}
    err = capsys.readouterr().err
    assert "CUDA error 719" in err
    assert "from here on were not classified" in err
    assert f"The 2 results so far are in {part}." in err


def test_a_gpu_lost_in_the_run_is_replaced_by_the_cpu(
    run, image_folder, tmp_path, lose_gpu, capsys
):
    lose_gpu(2)
    out = tmp_path / "x.csv"
    assert run(image_folder(), "--out", out, "--batch-size", "1", device="auto") == 0
    assert [r["device"] for r in rows_of(out)] == ["cuda:0"] * 2 + ["cpu"] * 4
    assert "The rest was classified on the CPU." in capsys.readouterr().err


def test_a_gpu_lost_at_once_leaves_nothing_behind(run, image_folder, tmp_path, lose_gpu):
    lose_gpu(0)
    out = tmp_path / "x.csv"
    assert run(image_folder(), "--out", out, "--require-gpu", device="auto") == 3
    assert not list(tmp_path.glob("x.csv*"))


def test_a_fault_of_our_own_keeps_the_results(
    run, image_folder, tmp_path, monkeypatch, capsys, caplog
):
    real = command.classify_folder

    def broken(*arguments, **more):
        yield from real(*arguments, **more)
        raise ValueError("odd")

    monkeypatch.setattr(command, "classify_folder", broken)
    with caplog.at_level(logging.CRITICAL):
        assert run(image_folder(), "--out", tmp_path / "x.csv") == 70
    assert len((tmp_path / "x.csv.part.jsonl").read_text("utf-8").splitlines()) == 6
    assert "The 6 results so far are in" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")
def test_loops_fifos_and_long_names_are_no_obstacle(run, image_folder, tmp_path):
    folder = image_folder({"x" * 246 + ".png": 5})
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.png")
    assert run(folder, "--out", tmp_path / "x.csv") == 0
    assert len(rows_of(tmp_path / "x.csv")) == 1


def test_a_shipped_model_knows_the_samples(tmp_path, capsys):
    assert [path.stem for path in shipped()] == ["all4-b3", "cnmc-b3", "pbc8-b3"]
    out = tmp_path / "x.csv"
    assert main(["classify", str(resource("samples")), "--device", "cpu", "--out", str(out)]) == 0
    assert len(rows_of(out)) == 48
    assert " was chosen: " in capsys.readouterr().err
