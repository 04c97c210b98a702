"""Fit the unfamiliarity score of a run and measure it on images that are none of its set."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import keras
import numpy as np

from leukview.contract import Figure
from leukview.imaging.decode import sha256_of
from leukview.imaging.scan import scan
from training import calibrate, evaluate, unfamiliar
from training.data.catalogue import SETS, ImageSet
from training.data.prepare import image_pixels
from training.evaluate import Predictions
from training.experiment import SEEN, Experiment, directions, held_out_distances
from training.features import Trunk
from training.models import initial
from training.train import head_logits
from training.unfamiliar import Familiarity

FOREIGN_IMAGES = 20  # of each foreign group, evenly spaced in natural order


class UnfamiliarityError(ValueError):
    """A known foreign set looks more familiar than the model's own images."""


def foreign_groups(data: Path, about: ImageSet, own: Collection[str] = ()) -> dict[str, list[Path]]:
    """Images that the model of `about` should call unfamiliar, by group.

    Beside a set of one's own those that lie in `data` serve, as far as it is another's images.

    Args:
        data: folder of our sets and of `unfamiliar`.
        about: the set of the model.
        own: SHA-256 of its images.
    """
    folder = data / "unfamiliar"
    there = folder.is_dir() or about.place is None
    groups = {f.name: f for f in sorted(folder.iterdir()) if f.is_dir()} if there else {}
    groups |= {name: data / name for name in SETS if name != about.name}
    out: dict[str, list[Path]] = {}
    for name, one in groups.items():
        if about.place and not one.is_dir():
            continue
        found = [image.path for image in scan([one]).images]
        step = max(1, len(found) // FOREIGN_IMAGES)
        some = found[::step][:FOREIGN_IMAGES]
        if about.place and any(sha256_of(path) in own for path in some):
            continue
        out[name] = some
    return out


def familiarity(
    exp: Experiment, model: keras.Model, found: Predictions, temperature: float, data: Path
) -> tuple[Familiarity, list[Figure]]:
    """Fit the unfamiliarity score and measure it on known foreign images.

    Foreign images are seen by the shipped weights alone, familiar ones by the fold that did not fit
    them; the AUROCs join the two.

    Raises:
        UnfamiliarityError: a foreign group scores below chance.
    """
    trunk = Trunk(model)
    rows = np.arange(len(exp.items))
    if exp.config.fits_trunk or exp.material.features is None:
        # As many as each fold kept: the median distance still grows with their number.
        rows = np.random.default_rng(exp.config.seed).permutation(rows)[:SEEN]
        embeddings = trunk(exp.material.pixels[row] for row in rows)
    else:
        embeddings = exp.material.features[0].astype(np.float32)
    known_distances = held_out_distances(exp)
    fitted, held = unfamiliar.fit(
        embeddings, exp.material.y[rows], known_distances, directions(exp)
    )
    mine = found.protocol == evaluate.cross_name(exp.about)
    doubt = 1 - found.probabilities[mine].max(axis=1)
    out = []
    known = {about.name for about in initial.earlier_sets(exp.config.init, exp.run.folder.parent)}
    own = {item.sha256 for item in exp.items}
    for name, paths in foreign_groups(data, exp.about, own).items():
        seen = trunk(image_pixels(path) for path in paths)
        logits = head_logits(model, seen).astype(np.float64)
        foreign_doubt = 1 - calibrate.softmax(logits, temperature).max(axis=1)
        for word, value in (
            ("unfamiliarity AUROC", unfamiliar.auroc(held, fitted.score(seen))),
            ("1 - confidence AUROC", unfamiliar.auroc(doubt, foreign_doubt)),
        ):
            protocol = f"held-out folds against {name}"
            protocol += " (the initial trunk was fitted on it)" if name in known else ""
            out.append(
                Figure(name=word, value=round(value, 4), protocol=protocol, n=len(paths), groups=0)
            )
    low = [f for f in out if f.name == "unfamiliarity AUROC" and f.value < 0.5]
    # A set of one's own may be of the same kind as one of these; its card says so.
    if low and not exp.about.place:
        raise UnfamiliarityError(
            f"{[(f.protocol, f.value) for f in low]}: these foreign images look more familiar"
            " than the model's own. Nothing was exported. Choose another score in"
            " training/unfamiliar.py."
        )
    return fitted, out
