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


def test_b0_takes_the_channels_of_lite0_as_they_are(keras: ModuleType) -> None:
    from training.models.efficientnet import range_of
    from training.models.grown import B0_FROM_LITE0, GATE_BIAS, grow

    rng = np.random.default_rng(0)
    donor: dict[str, np.ndarray] = {}

    def convolution(name: str, *shape: int) -> None:
        donor[f"{name}.weight"] = rng.normal(size=shape).astype(np.float32)

    def norm(name: str, channels: int) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            donor[f"{name}.{part}"] = rng.uniform(0.5, 1, channels).astype(np.float32)

    convolution("_conv_stem", 32, 3, 3, 3)
    norm("_bn0", 32)
    number, inward = 0, 32
    kernels = (3, 3, 5, 3, 5, 5, 3)
    for (blocks, _, channels, _), kernel in zip(B0_FROM_LITE0.stages, kernels, strict=True):
        for _ in range(blocks):
            block, middle = f"_blocks.{number}.", inward if number == 0 else 6 * inward
            if number:
                convolution(f"{block}_expand_conv", middle, inward, 1, 1)
                norm(f"{block}_bn0", middle)
            convolution(f"{block}_depthwise_conv", middle, 1, kernel, kernel)
            norm(f"{block}_bn1", middle)
            convolution(f"{block}_project_conv", channels, middle, 1, 1)
            norm(f"{block}_bn2", channels)
            number, inward = number + 1, channels
    convolution("_conv_head", 1280, 320, 1, 1)
    norm("_bn1", 1280)
    model = grow(donor, plan=B0_FROM_LITE0)
    for layer, source in (
        ("stem_conv", "_conv_stem"),
        ("block3b_expand_conv", "_blocks.4._expand_conv"),
        ("block7a_project_conv", "_blocks.15._project_conv"),
        ("top_conv", "_conv_head"),
    ):
        got = model.get_layer(layer).get_weights()[0]
        np.testing.assert_allclose(got, donor[f"{source}.weight"].transpose(2, 3, 1, 0), rtol=1e-6)
    variance = model.get_layer("block6d_bn").get_weights()[3]
    np.testing.assert_array_equal(variance, donor["_blocks.14._bn1.running_var"])
    kernel, bias = model.get_layer("block4a_se_expand").get_weights()
    assert not kernel.any()
    assert (bias == GATE_BIAS).all()
    np.testing.assert_allclose(range_of(model).scale, 255 / 128, rtol=1e-4)
    np.testing.assert_allclose(range_of(model).offset, -127 / 128, rtol=1e-4)
