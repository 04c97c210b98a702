"""The heads that a network can have, by name.

Batool & Byun 2023 (doi 10.1109/ACCESS.2023.3266511) describe two: Table 2 lists pooling, dropout
0.5 and one dense layer; the 11,093,290 trainable parameters of Table 7 belong to another head, with
batch norm and a dense layer of 256. `stock` is what most networks come with: a light dropout and
one dense layer. Layer names are fixed: the export finds them by name.
"""

from __future__ import annotations

from typing import Any, Literal

Head = Literal["table2", "table7", "stock"]
HIDDEN = 256  # units of table7's dense layer
DROPOUT = {"table2": 0.5, "table7": 0.45, "stock": 0.2}


def add_head(head: Head, embedding: Any, class_count: int, prefix: str = "") -> Any:
    """Probabilities (N, C) of pooled features (N, D); `prefix` stands before each layer's name."""
    # Here, so that reading a config or printing help does not wait seconds for Keras.
    from keras import layers

    x = embedding
    if head == "table7":
        x = layers.BatchNormalization(name=f"{prefix}head_norm")(x)
        x = layers.Dense(HIDDEN, activation="relu", name=f"{prefix}head_dense")(x)
    x = layers.Dropout(DROPOUT[head], name=f"{prefix}head_dropout")(x)
    # float32 even under a mixed policy: half precision loses small probabilities.
    x = layers.Dense(class_count, name=f"{prefix}logits", dtype="float32")(x)
    return layers.Softmax(name=f"{prefix}probabilities", dtype="float32")(x)
