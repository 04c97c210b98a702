"""The heads that a network can have, by name.

Batool & Byun 2023 (doi 10.1109/ACCESS.2023.3266511) describe two: Table 2 lists pooling, dropout
0.5 and one dense layer; the 11,093,290 trainable parameters of Table 7 belong to another head, with
batch norm and a dense layer of 256. `stock` is what most networks come with: a light dropout and
one dense layer. Layer names are fixed: the export finds them by name.

A name may go on with other numbers than the paper's, in this order: `table7-units128`,
`table2-dropout0.3`, `table7-units64-dropout0.25-elu`. `tune` searches them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

# Activations whose slope follows from their value, from which the export writes the cam.
_NAME = re.compile(
    r"^(?:(table7)(?:-units([1-9]\d{0,3}))?(?:-dropout(0(?:\.\d+)?))?(?:-(relu|elu|tanh))?"
    r"|(table2|stock)(?:-dropout(0(?:\.\d+)?))?)$"
)
Head = Annotated[str, msgspec.Meta(pattern=_NAME.pattern)]
HIDDEN = 256  # units of table7's dense layer
DROPOUT = {"table2": 0.5, "table7": 0.45, "stock": 0.2}


@dataclass(frozen=True)
class Parts:
    """What a head is made of.

    Attributes:
        units: of the dense layer behind batch norm; 0 for a head without them.
        dropout: share.
        activation: of the dense layer, by its Keras name; "" without one.
    """

    units: int
    dropout: float
    activation: str


def parts_of(head: Head) -> Parts:
    """What a name stands for.

    Raises:
        ValueError: it stands for nothing.
    """
    found = _NAME.match(head)
    if not found:
        raise ValueError(
            f"no head {head!r}: table2, table7 or stock, as in `training.models.heads`"
        )
    dense, units, dropout, activation, plain, plain_dropout = found.groups()
    if not dense:
        return Parts(0, float(plain_dropout or DROPOUT[plain]), "")
    return Parts(int(units or HIDDEN), float(dropout or DROPOUT[dense]), activation or "relu")


def add_head(head: Head, embedding: Any, class_count: int, prefix: str = "") -> Any:
    """Probabilities (N, C) of pooled features (N, D); `prefix` stands before each layer's name."""
    # Here, so that reading a config or printing help does not wait seconds for Keras.
    from keras import layers

    x, parts = embedding, parts_of(head)
    if parts.units:
        x = layers.BatchNormalization(name=f"{prefix}head_norm")(x)
        dense = f"{prefix}head_dense"
        x = layers.Dense(parts.units, activation=parts.activation, name=dense)(x)
    x = layers.Dropout(parts.dropout, name=f"{prefix}head_dropout")(x)
    # float32 even under a mixed policy: half precision loses small probabilities.
    x = layers.Dense(class_count, name=f"{prefix}logits", dtype="float32")(x)
    return layers.Softmax(name=f"{prefix}probabilities", dtype="float32")(x)
