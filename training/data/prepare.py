"""Images to one uint8 array per set, by the same decoding and resize as the app uses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from leukview.imaging.decode import read
from leukview.imaging.preprocess import Rule, resize
from training.data import splits
from training.data.catalogue import ImageSet, Item, images_folder, load

SIDE = 300
RULE: Rule = "crop_and_resize"
SPLITS = Path(__file__).parent.parent / "results" / "splits"


def pixels_path(cache: Path, about: ImageSet) -> Path:
    """Where the set's array of pixels lies."""
    return cache / f"{about.name}.pixels.npy"


def split_path(about: ImageSet) -> Path:
    """Where the set's split is written down; of a described set outside the repository."""
    return about.place.split if about.place else SPLITS / f"{about.name}.csv"


def cached(cache: Path, about: ImageSet) -> NDArray[np.uint8]:
    """The set's pixels (N, 300, 300, 3), memory-mapped, in the order of `images.csv`."""
    path = pixels_path(cache, about)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. Run `python -m training prepare` first.")
    pixels: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return pixels


def image_pixels(path: Path, side: int = SIDE) -> NDArray[np.uint8]:
    """One image file as the model sees it, (side, side, 3)."""
    return resize(read(path).pixels, side, side, RULE)


def prepare(data: Path, cache: Path, about: ImageSet, seed: int = 0) -> Iterator[Progress]:
    """Write the cache, and the split where none is written yet.

    Args:
        data: folder that holds the sets.
        cache: folder for the arrays, outside the repository; 270 kB an image.
        about: which set.
        seed: of the split.

    Raises:
        UsageError, ImageError: the table or an image cannot be read, or the earlier cache is in
            use.
    """
    folder = images_folder(data, about)
    items = load(folder, about)
    cache.mkdir(parents=True, exist_ok=True)
    part = cache / f"{about.name}.part.npy"
    pixels = np.lib.format.open_memmap(part, "w+", np.uint8, (len(items), SIDE, SIDE, 3))
    for i, item in enumerate(items):
        pixels[i] = image_pixels(folder / item.file)
        yield Progress(i + 1, len(items), about.name)
    pixels.flush()
    thumbnails = _thumbnails(pixels)
    del pixels  # Windows does not rename a file that is mapped
    put_in_place(cache, about, part)
    if not split_path(about).exists():
        split = splits.make(items, about, splits.twins(thumbnails, items), seed)
        splits.write(split_path(about), items, split)


def put_in_place(cache: Path, about: ImageSet, part: Path) -> None:
    """Make new pixels the set's; where they differ, what was computed of the earlier ones goes.

    Raises:
        UsageError: a file is in use.
    """
    path = pixels_path(cache, about)
    try:
        if not _equal(path, part):
            # Smaller images, and features by `features.Store`; names of sets have no dot.
            for end in ("pixels-*.npy", f"{'[0-9a-f]' * 12}.*"):
                for old in cache.glob(f"{about.name}.{end}"):
                    old.unlink()
        part.replace(path)
    except PermissionError as error:  # Windows does not replace a file that is mapped either
        raise UsageError(
            f"{path} could not be replaced: it is read-only, or a fit is using it. The earlier one"
            f" is as it was, the new one is {part.name} beside it. Wait for the fit to end, then"
            " run `python -m training prepare` again."
        ) from error


def _equal(path: Path, part: Path) -> bool:
    if not path.is_file():
        return False
    one, two = (np.load(file, mmap_mode="r") for file in (path, part))
    return one.shape == two.shape and all(map(np.array_equal, one, two))


def _thumbnails(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = [cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA) for image in pixels]
    return np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in small])


def hash_of(items: Sequence[Item]) -> str:
    """SHA-256 of the list of images (their hashes in order), for contract and card."""
    return hashlib.sha256("\n".join(item.sha256 for item in items).encode()).hexdigest()
