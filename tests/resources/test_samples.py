"""The sample images: how many, whose, and that they are what SOURCES.md says."""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "resources" / "samples"
ALL4 = ROOT.parent / "shared" / "data" / "all4" / "images.csv"
CELLS = (
    "basophil",
    "eosinophil",
    "erythroblast",
    "ig",
    "lymphocyte",
    "monocyte",
    "neutrophil",
    "platelet",
)


def _hashes() -> dict[str, str]:
    images = (p for p in SAMPLES.rglob("*") if p.is_file() and p.suffix in (".png", ".jpg"))
    return {
        p.relative_to(SAMPLES).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in images
    }


def test_samples_are_24_of_each_set_in_folders_named_after_their_class():
    per_class = Counter(name.rpartition("/")[0] for name in _hashes())
    assert per_class == {"cnmc/hem": 12, "cnmc/all": 12} | {f"pbc/{name}": 3 for name in CELLS}


def test_sources_lists_each_sample_with_its_hash_and_nothing_else():
    text = (SAMPLES / "SOURCES.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", text, re.MULTILINE))
    assert listed == _hashes()
    for needed in ("10.7937/tcia.2019.dc64i46r", "CC BY 3.0", "10.17632/snkd93bnjr.1", "CC BY 4.0"):
        assert needed in text


def test_cells_of_one_class_come_from_different_subjects():
    text = (SAMPLES / "SOURCES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `cnmc/[^`]+` \| (\w+) \| (\w+) \|", text, re.MULTILINE)
    assert len(rows) == len(set(rows)) == 24


def test_no_image_of_the_four_class_set_is_in_the_repository():
    if not ALL4.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{ALL4.name} of the four-class set is missing beside the checkout")
        pytest.skip("needs the list of the four-class set beside the checkout")
    with ALL4.open(encoding="utf-8", newline="") as lines:
        forbidden = {row["sha256"] for row in csv.DictReader(lines)}
    kinds = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
    ours = [
        p
        for folder in ("resources", "training", "tests", "leukview")
        for p in (ROOT / folder).rglob("*")
    ]
    found = [
        p
        for p in ours
        if p.suffix.lower() in kinds and hashlib.sha256(p.read_bytes()).hexdigest() in forbidden
    ]
    assert len(forbidden) > 2000
    assert found == []
