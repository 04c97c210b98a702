import logging
import os
import shutil
import sys
import threading

import pytest

from leukview.domain.progress import CancelToken
from leukview.imaging.scan import scan
from leukview.inference import pipeline
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import load
from leukview.inference.pipeline import classify


@pytest.fixture
def classifier(toy_model):
    return Classifier(load(toy_model), "cpu")


def decoders():
    return [t for t in threading.enumerate() if t.name.startswith("leukview-decode")]


def test_results_come_in_the_order_of_the_images(image_folder, classifier):
    folder = image_folder({f"{k}.png": 250 if k % 3 else 3 for k in range(150)})
    images = scan([folder]).images
    batches = list(classify(images, classifier, batch_size=7))
    results = [result for batch in batches for result in batch]
    assert [result.image for result in results] == list(images)
    assert [r.suggestion.class_id for r in results] == [
        "all" if k % 3 else "hem" for k in range(150)
    ]
    assert max(map(len, batches)) <= pipeline.YIELD_IMAGES
    assert all(result.model == classifier.identity for result in results)
    assert decoders() == []


def test_one_bad_image_is_an_error_and_the_rest_goes_on(image_folder, classifier):
    folder = image_folder({"1.png": 3, "3.png": 250})
    (folder / "2.png").write_bytes(b"no image")
    one, two, three = (r for b in classify(scan([folder]).images, classifier) for r in b)
    assert (one.suggestion.class_id, three.suggestion.class_id) == ("hem", "all")
    assert two.suggestion is None
    assert "not an image" in two.error
    assert len(two.sha256) == 64


def test_a_folder_that_disappears_leaves_one_sentence_per_image(image_folder, classifier):
    folder = image_folder({f"{k}.png": k for k in range(60)})
    images = scan([folder]).images
    results = []
    for batch in classify(images, classifier, batch_size=1):
        results += batch
        shutil.rmtree(folder, ignore_errors=True)
    assert len(results) == 60
    assert all("disappeared" in r.error or r.suggestion for r in results)
    assert [r.image for r in results] == list(images)


def test_notes_name_conversions_and_unusual_sizes(image_folder, classifier):
    folder = image_folder({"1.png": 3}, size=(900, 20))
    ((result,),) = classify(scan([folder]).images, classifier)
    assert result.notes == ("900 x 20 pixels, the model has seen sides of 8 to 600",)


def test_equal_files_have_equal_hashes_and_answers(image_folder, classifier):
    folder = image_folder({"1.png": 99})
    shutil.copy(folder / "1.png", folder / "2.png")
    one, two = (r for b in classify(scan([folder]).images, classifier) for r in b)
    assert one.sha256 == two.sha256
    assert one.suggestion == two.suggestion


def test_cancelling_keeps_what_was_done_and_joins_the_threads(
    image_folder, classifier, monkeypatch
):
    monkeypatch.setattr(pipeline, "YIELD_SECONDS", 0)
    images = scan([image_folder({f"{k}.png": k for k in range(40)})]).images
    token = CancelToken()
    results = []
    for batch in classify(images, classifier, batch_size=2, cancel=token):
        results += batch
        token.cancel()
    assert 0 < len(results) < 40
    assert [r.image for r in results] == list(images[: len(results)])
    assert decoders() == []


def test_cancelling_starts_no_further_image(image_folder, classifier, monkeypatch):
    images = scan([image_folder({f"{k}.png": k for k in range(20)})]).images
    token, reading, go_on = CancelToken(), threading.Event(), threading.Event()
    real = pipeline.read

    def hang(path):
        reading.set()
        assert go_on.wait(20)
        return real(path)

    monkeypatch.setattr(pipeline, "read", hang)
    results = []
    worker = threading.Thread(
        target=lambda: results.extend(classify(images, classifier, cancel=token)), name="leukview-t"
    )
    worker.start()
    assert reading.wait(20)
    token.cancel()
    go_on.set()
    worker.join(20)
    assert not worker.is_alive()
    done = [result for batch in results for result in batch]
    assert len(done) < len(images)  # those under way at most; none is called an error
    assert all(result.suggestion for result in done)


def test_a_consumer_that_leaves_early_leaves_no_threads(image_folder, classifier, monkeypatch):
    monkeypatch.setattr(pipeline, "YIELD_SECONDS", 0)
    images = scan([image_folder({f"{k}.png": k for k in range(40)})]).images
    run = classify(images, classifier, batch_size=2)
    assert len(next(run)) == 2
    run.close()
    assert decoders() == []


def test_a_failing_model_gives_what_was_done_first(image_folder, classifier, monkeypatch):
    images = scan([image_folder()]).images
    real, calls = classifier.run, []

    def fail_later(pixels):
        calls.append(len(pixels))
        if len(calls) > 2:
            raise RuntimeError("broken")
        return real(pixels)

    monkeypatch.setattr(pipeline, "YIELD_SECONDS", 1e9)
    monkeypatch.setattr(classifier, "run", fail_later)
    run = classify(images, classifier, batch_size=1)
    done = next(run)
    with pytest.raises(RuntimeError, match="broken"):
        next(run)
    assert len(done) == 2
    assert decoders() == []


def test_what_nobody_foresaw_becomes_an_error_of_that_image(
    image_folder, classifier, monkeypatch, caplog
):
    images = scan([image_folder()]).images
    failures = iter([MemoryError(), ValueError("odd")])

    def fail(path):
        raise next(failures)

    monkeypatch.setattr(pipeline, "read", fail)
    with caplog.at_level(logging.CRITICAL):
        errors = [r.error for b in classify(images[:2], classifier) for r in b]
    assert sum("not enough memory" in e for e in errors) == 1
    assert sum("ValueError: odd" in e for e in errors) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a FIFO")
def test_a_file_that_becomes_a_fifo_does_not_block(image_folder, classifier):
    folder = image_folder({"1.png": 1})
    images = scan([folder]).images
    (folder / "1.png").unlink()
    os.mkfifo(folder / "1.png")
    ((result,),) = classify(images, classifier)
    assert "not a regular file" in result.error


def test_no_images_give_nothing(classifier):
    assert list(classify([], classifier)) == []


@pytest.fixture
def dead_drive(monkeypatch):
    """Reading `dead*` never ends, until the test does; 0.05 s are called a minute."""
    monkeypatch.setattr(pipeline, "READ_SECONDS", 0.05)
    monkeypatch.setattr(pipeline, "_CLOSE_SECONDS", 0.05)
    gate, real, held = threading.Event(), pipeline.read, []

    def hang(path):
        if path.name.startswith("dead"):
            held.append(threading.current_thread())
            assert gate.wait(20)
        return real(path)

    monkeypatch.setattr(pipeline, "read", hang)
    yield
    gate.set()
    for thread in held:
        thread.join()


@pytest.mark.usefixtures("dead_drive")
def test_reads_that_never_end_become_errors_and_the_others_go_on(image_folder, classifier):
    files = {f"dead{k:02}.png": k for k in range(12)} | {"x.png": 20, "y.png": 230}
    images = scan([image_folder(files)]).images
    results = [r for batch in classify(images, classifier) for r in batch]
    assert [r.image for r in results] == list(images)
    assert all("did not answer" in r.error for r in results[:12])
    assert [r.suggestion.class_id for r in results[12:]] == ["hem", "all"]


@pytest.mark.usefixtures("dead_drive")
def test_a_run_on_a_dead_drive_can_be_stopped(image_folder, classifier, monkeypatch):
    monkeypatch.setattr(pipeline, "READ_SECONDS", 1e9)
    images = scan([image_folder({f"dead{k}.png": k for k in range(20)})]).images
    token, results = CancelToken(), []
    run = threading.Thread(
        target=lambda: results.extend(classify(images, classifier, cancel=token)), name="leukview-t"
    )
    run.start()
    token.cancel()
    run.join(20)
    assert not run.is_alive()
    assert results == []
