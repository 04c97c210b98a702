import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from leukview.domain.errors import UsageError
from leukview.domain.progress import CancelToken
from leukview.imaging import scan as module
from leukview.imaging.scan import again, folders_of, scan

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")


def names(paths, **more):
    return [image.name for image in scan(paths, **more).images]


def test_order_is_natural_and_names_are_relative(image_folder):
    folder = image_folder({"b/10.png": 1, "b/9.png": 2, "a.JPG": 3, "b/c/1.tiff": 4})
    assert names([folder]) == ["a.JPG", "b/9.png", "b/10.png", "b/c/1.tiff"]
    first = scan([folder]).images[0]
    assert (first.folder, first.path) == ("slides", folder / "a.JPG")
    assert first.bytes == (folder / "a.JPG").stat().st_size
    assert first.modified_ns == (folder / "a.JPG").stat().st_mtime_ns


def test_other_files_are_counted(image_folder):
    folder = image_folder({"1.png": 1})
    (folder / "notes.txt").write_text("x")
    (folder / "._1.png").write_bytes(b"\0")
    found = scan([folder])
    assert (len(found.images), found.others, found.problems) == (1, 2, ())


def test_without_recursion_only_the_folder_itself_is_looked_at(image_folder):
    folder = image_folder({"1.png": 1, "deep/2.png": 2})
    assert names([folder], recursive=False) == ["1.png"]


def test_several_paths_are_named_from_each_and_nothing_comes_twice(image_folder):
    one = image_folder({"1.png": 1}, name="one")
    two = image_folder({"x/2.png": 2}, name="two")
    assert names([one, two / "x" / "2.png", one]) == ["1.png", "2.png"]
    assert [list(folders_of(i)) for i in scan([two]).images] == [["two", "x"]]


def test_a_missing_path_is_named():
    with pytest.raises(UsageError, match="no file or folder 'gone'"):
        scan([Path("gone")])


@posix
def test_a_symlink_loop_ends(image_folder):
    folder = image_folder({"a/1.png": 1})
    (folder / "a" / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "self").symlink_to("self")
    (folder / "broken.png").symlink_to("nowhere.png")
    found = scan([folder])
    assert [image.name for image in found.images] == ["a/1.png"]
    assert len(found.problems) == 1
    assert "broken.png" in found.problems[0]


@posix
def test_a_fifo_is_no_image_and_does_not_block(image_folder):
    folder = image_folder({"1.png": 1})
    os.mkfifo(folder / "pipe.png")
    found = scan([folder])
    assert (len(found.images), found.others) == (1, 1)
    assert scan([folder / "pipe.png"]).images == ()


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read all")
def test_a_folder_without_permission_is_a_problem_and_the_rest_is_found(image_folder):
    folder = image_folder({"a/1.png": 1, "b/2.png": 2})
    (folder / "a").chmod(0)
    try:
        found = scan([folder])
        with pytest.raises(UsageError, match="No permission"):
            scan([folder / "a"])
    finally:
        (folder / "a").chmod(0o700)
    assert [image.name for image in found.images] == ["b/2.png"]
    assert "slides/a could not be opened" in found.problems[0]


def test_a_folder_refused_by_the_system_is_a_problem(image_folder, monkeypatch):
    folder = image_folder({"a/1.png": 1, "b/2.png": 2})
    real = os.scandir

    def refuse(path):
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr("leukview.imaging.scan.os.scandir", refuse)
    found = scan([folder])
    assert [image.name for image in found.images] == ["b/2.png"]
    assert "slides/a could not be opened (Permission denied)" in found.problems[0]
    with pytest.raises(UsageError, match="No permission to open"):
        scan([folder / "a"])


def test_long_and_foreign_names_are_found(image_folder):
    long = "x" * 246 + ".png"
    folder = image_folder({long: 1, "Zelle ä 細胞.png": 2})
    assert set(names([folder])) == {long, "Zelle ä 細胞.png"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not text")
def test_a_name_that_is_no_utf8_becomes_text(image_folder):
    folder = image_folder({"1.png": 1})
    (folder / "1.png").rename(folder / os.fsdecode(b"\xff.png"))
    image = scan([folder]).images[0]
    assert image.name.encode() == b"\\udcff.png"
    assert image.path.exists()


def test_cancelling_ends_the_walk(image_folder):
    token = CancelToken()
    token.cancel()
    assert scan([image_folder()], cancel=token).images == ()


@pytest.fixture
def dead_drive(monkeypatch):
    """From the third file on, nothing is answered until the end; the token is cancelled then."""
    gate, asked, token, real = threading.Event(), [], CancelToken(), Path.stat

    def stat(path, **options):
        if path.suffix == ".png":
            asked.append(path)
            if len(asked) > 2:
                token.cancel()
                gate.wait(60)
        return real(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    yield SimpleNamespace(token=token, asked=asked, gate=gate)
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "leukview-look":
            thread.join()


def test_a_drive_that_stops_answering_is_an_error_that_says_what_to_do(
    image_folder, dead_drive, monkeypatch
):
    monkeypatch.setattr(module, "READ_SECONDS", 0.5)
    with pytest.raises(UsageError, match=r"slides' does not answer. Nothing was .*Check the drive"):
        scan([image_folder()])
    (held,) = [one for one in threading.enumerate() if one.name == "leukview-look"]
    dead_drive.gate.set()  # the drive is back, but nobody waits for the rest any more
    held.join()
    assert len(dead_drive.asked) == 3


def test_waiting_for_a_dead_drive_can_be_cancelled(image_folder, dead_drive):
    assert len(scan([image_folder()], cancel=dead_drive.token).images) == 2


def test_a_file_is_looked_at_again(image_folder):
    (image,) = scan([image_folder({"a.png": 5})]).images
    assert again(image) is image
    image.path.write_bytes(b"longer than it was before" * 100)
    now = again(image)
    assert now.bytes == image.path.stat().st_size
    assert (now.path, now.name, now.folder) == (image.path, image.name, image.folder)
    image.path.unlink()
    with pytest.raises(OSError, match="No such file"):
        again(image)
