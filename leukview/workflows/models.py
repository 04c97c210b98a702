"""The models that come with the app, as one chooses among them."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from leukview.domain.classes import Unit
from leukview.domain.errors import ModelFileError
from leukview.inference.model_file import peek, shipped

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """One model to choose.

    Attributes:
        name: as `opened.choice_for` takes it.
        title: for people.
        purpose: what one image shows, and the classes.
        notice: what has to be known before it is used, or "".
    """

    name: str
    title: str
    purpose: str
    notice: str


def offers() -> list[Offer]:
    """The shipped models, without reading their weights; those that cannot be used are left out."""
    made = []
    for path in shipped():
        try:
            contract = peek(path)
        except ModelFileError as error:
            log.warning("%s", error)
            continue
        unit = "Single cells" if contract.unit is Unit.CELL else "Fields of many cells"
        classes = ", ".join(one.name for one in contract.classes)
        made.append(Offer(path.stem, contract.title, f"{unit}: {classes}", contract.notice))
    return made
