from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]


def test_widening_keeps_what_a_layer_computes(keras: ModuleType) -> None:
    from training.models.grown import Space, _widened

    rng = np.random.default_rng(0)
    inward, outward = Space(5, 9, rng), Space(4, 6, rng)
    kernel = rng.normal(size=(1, 1, 5, 4)).astype(np.float32)
    wide = _widened(kernel, inward, outward, rng)
    x = rng.normal(size=5)
    np.testing.assert_allclose(
        x[inward.map] @ wide[0, 0], (x @ kernel[0, 0])[outward.map], rtol=1e-5
    )


def test_a_checkpoint_with_foreign_code_is_refused(keras: ModuleType, tmp_path: object) -> None:
    import os
    import pickle
    import zipfile
    from pathlib import Path

    from training.models.grown import read_donor

    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, ("echo no",)

    path = Path(str(tmp_path)) / "bad.pth"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("archive/data.pkl", pickle.dumps(Hostile()))
    with pytest.raises(pickle.UnpicklingError, match="refused"):
        read_donor(path)
