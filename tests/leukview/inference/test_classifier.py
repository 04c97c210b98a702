import dataclasses
import logging

import numpy as np
import pytest

from leukview.domain.errors import DeviceError
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import load


@pytest.fixture
def classifier(toy_model):
    return Classifier(load(toy_model), "cpu")


def grey(*levels):
    return np.stack([np.full((16, 16, 3), level, np.uint8) for level in levels])


def test_answers_follow_the_arithmetic(classifier):
    out = classifier.run(grey(0, 255, 127))
    assert out.probabilities.shape == (3, 2)
    b = np.array([0, 255, 127]) / 127.5 - 1
    logits = -((b[:, None] - [-1, 1]) ** 2)
    assert np.allclose(out.logits, logits, atol=1e-5)
    powers = np.exp(logits / 0.5)
    assert np.allclose(out.probabilities, powers / powers.sum(1, keepdims=True), atol=1e-5)
    assert np.allclose(out.embedding, np.array([[0.0], [1], [127 / 255]]), atol=1e-5)
    assert np.allclose(out.unfamiliarity, 0, atol=1e-4)


def test_suggestions_follow_the_contracts_thresholds(classifier):
    coloured = grey(0)
    coloured[..., 0] = 80
    pixels = np.concatenate([grey(5, 250, 127), coloured])
    dark, bright, middle, odd = classifier.suggest(classifier.run(pixels))
    assert [one.class_id for one in (dark, bright)] == ["hem", "all"]
    assert (dark.needs_review, bright.needs_review) == (False, False)
    assert middle.needs_review
    assert not middle.unfamiliar
    assert odd.unfamiliar
    assert odd.needs_review
    assert odd.unfamiliarity == pytest.approx(80 / 255 * 10, abs=1e-3)
    assert sum(dark.probabilities) == pytest.approx(1, abs=1e-5)


def test_no_images_give_no_suggestions(classifier):
    out = classifier.run(np.zeros((0, 16, 16, 3), np.uint8))
    assert out.probabilities.shape == (0, 2)
    assert classifier.suggest(out) == []


class Failing:
    """Stands in for a session on a GPU: takes `most` images at a time."""

    def __init__(self, session, most, words="Failed to allocate memory for requested buffer"):
        self.session, self.most, self.words, self.sizes = session, most, words, []

    def run(self, names, feed):
        self.sizes.append(len(feed["pixels"]))
        if len(feed["pixels"]) > self.most:
            raise RuntimeError(self.words)
        return self.session.run(names, feed)


def on_gpu(classifier, **how):
    classifier._session = Failing(classifier._session, **how)
    classifier.device = dataclasses.replace(classifier.device, name="cuda:0", label="CUDA · Toy")
    return classifier._session


def test_too_little_gpu_memory_halves_the_batch(classifier):
    session = on_gpu(classifier, most=2)
    out = classifier.run(grey(0, 50, 100, 150, 200))
    assert session.sizes == [5, 2, 3, 1, 2]
    assert np.allclose(out.embedding[:, 0] * 255, [0, 50, 100, 150, 200], atol=1e-3)
    assert classifier.device.name == "cuda:0"


def test_a_gpu_that_holds_not_even_one_image_is_left(classifier, caplog):
    on_gpu(classifier, most=0)
    with caplog.at_level(logging.WARNING):
        out = classifier.run(grey(0, 255))
    assert out.probabilities.argmax(1).tolist() == [0, 1]
    assert classifier.device.fell_back
    assert classifier.identity.device == "cpu"
    assert "going on on the CPU" in caplog.text


def test_another_failure_of_the_gpu_is_not_halved(classifier):
    session = on_gpu(classifier, most=0, words="CUDA error 700")
    classifier.run(grey(0, 255))
    assert session.sizes == [2]
    assert "CUDA error 700" in classifier.device.reason


def test_a_required_gpu_is_never_left(toy_model):
    classifier = Classifier(load(toy_model), "cpu", require_gpu=True)
    on_gpu(classifier, most=0)
    with pytest.raises(DeviceError, match="failed during the run"):
        classifier.run(grey(1))


def test_a_failure_on_the_cpu_is_not_hidden(classifier):
    classifier._session = Failing(classifier._session, most=0)
    with pytest.raises(RuntimeError, match="allocate"):
        classifier.run(grey(1))
