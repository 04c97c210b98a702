from __future__ import annotations

import logging

from leukview.workflows import models as module
from leukview.workflows.models import offers


def test_a_model_is_offered_with_its_title_and_what_it_is_for(
    toy_model, toy_field_model, monkeypatch
):
    monkeypatch.setattr(module, "shipped", lambda: [toy_model, toy_field_model])
    cells, fields = offers()
    assert cells.name == toy_model.stem
    assert cells.title
    assert cells.purpose == "Single cells: Normal, ALL blast"
    assert fields.purpose == "Fields of many cells: Benign, Early, Pre, Pro"


def test_a_model_that_cannot_be_used_is_left_out_and_logged(
    toy_model, tmp_path, monkeypatch, caplog
):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    monkeypatch.setattr(module, "shipped", lambda: [bad, toy_model])
    with caplog.at_level(logging.WARNING):
        assert [offer.name for offer in offers()] == [toy_model.stem]
    assert "bad.onnx" in caplog.text
