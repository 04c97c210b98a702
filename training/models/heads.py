"""The two heads that the paper describes, by the table that describes them.

Batool & Byun 2023 (doi 10.1109/ACCESS.2023.3266511): Table 2 lists pooling, dropout 0.5 and one
dense layer; the 11,093,290 trainable parameters of Table 7 belong to another head, with batch
norm and a dense layer of 256. Layer names are fixed: the export finds them by name.
"""

from __future__ import annotations

from typing import Any, Literal

from keras import layers

Head = Literal["table2", "table7"]
HIDDEN = 256  # units of table7's dense layer
DROPOUT = {"table2": 0.5, "table7": 0.45}


def add_head(head: Head, embedding: Any, class_count: int) -> Any:
    """Probabilities (N, C) of pooled features (N, D)."""
    x = embedding
    if head == "table7":
        x = layers.BatchNormalization(name="head_norm")(x)
        x = layers.Dense(HIDDEN, activation="relu", name="head_dense")(x)
    x = layers.Dropout(DROPOUT[head], name="head_dropout")(x)
    # float32 even under a mixed policy: half precision loses small probabilities.
    x = layers.Dense(class_count, name="logits", dtype="float32")(x)
    return layers.Softmax(name="probabilities", dtype="float32")(x)
