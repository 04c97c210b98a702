"""Which model suggested last in a session, kept there so that it can be read without the model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from leukview.contract import ModelContract
from leukview.domain.classes import CellClass, Role
from leukview.domain.errors import ModelFileError, UsageError
from leukview.domain.records import ModelIdentity
from leukview.inference.model_file import ModelFile, peek, resolve, shipped
from leukview.session.store import SessionStore

KEY = "last model"


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the session remembers; `path` is a name where the model comes with the app."""

    model: str
    sha256: str
    path: str
    classes: tuple[CellClass, ...]


@dataclass(frozen=True, slots=True)
class LastModel:
    """A model as far as it is still known.

    Attributes:
        identity: its id and hash; both "" where no model was ever used.
        classes: of its outputs, in order. Known by their ids alone, with those as names, where the
            file is gone and the session is from an older LeukView.
        contract: what its file promises; None where the very file is not to be found.
    """

    identity: ModelIdentity
    classes: tuple[CellClass, ...]
    contract: ModelContract | None


def keep(store: SessionStore, model: ModelFile) -> None:
    """Remember it with the session; where that cannot be written, nothing is."""
    with_app = model.path in shipped()
    kept = _Kept(
        model=model.contract.model,
        sha256=model.sha256,
        path=model.path.stem if with_app else str(model.path.absolute()),
        classes=model.contract.cell_classes,
    )
    store.set_meta(KEY, msgspec.json.encode(kept).decode())


def last(store: SessionStore) -> LastModel:
    """The model that was used last, else the one whose suggestions came last, else none.

    Raises:
        SessionError: the session cannot be read.
    """
    try:
        kept = msgspec.json.decode(store.meta(KEY) or "", type=_Kept)
    except (msgspec.DecodeError, ValueError):
        kept = None
    if kept is not None:
        contract = _contract(kept.path, kept.sha256)
        return LastModel(_identity(kept.model, kept.sha256), kept.classes, contract)
    known = store.models()
    if not known:
        return LastModel(_identity("", ""), (), None)
    model = known[-1]
    contract = _contract(model.model_id, model.sha256)
    classes = contract.cell_classes if contract else tuple(map(_unnamed, model.class_ids))
    return LastModel(_identity(model.model_id, model.sha256), classes, contract)


def _identity(model_id: str, sha256: str) -> ModelIdentity:
    return ModelIdentity(model_id=model_id, sha256=sha256, device="")


def _unnamed(class_id: str) -> CellClass:
    return CellClass(id=class_id, name=class_id, key="", role=Role.LEUKOCYTE, malignant=False)


def _contract(name: str, sha256: str) -> ModelContract | None:
    """Of the file that `name` stands for, if its bytes are still these."""
    try:
        path: Path = resolve(name)
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        return peek(path) if same else None
    except (OSError, ModelFileError, UsageError):
        return None
