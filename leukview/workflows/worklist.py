"""The worklist: slides of patients, and which folders are slides.

A slide is one folder of images and one session. The list is a small file beside the sessions, read
anew before each change, so that two windows do not take each other's slides off.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import msgspec
from natsort import natsort_keygen, ns

from leukview.domain.classes import CellClass, plain
from leukview.domain.errors import ModelFileError, UsageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.imaging.scan import scan
from leukview.inference.model_file import peek, shipped
from leukview.reports.csv_export import write as write_whole
from leukview.session.index import data_folder

log = logging.getLogger(__name__)
_VERSION = 1
# Kept, because the same names are put in order after every change: 1,200 slides take 3 ms, not 40.
_IN_ORDER = lru_cache(maxsize=20_000)(natsort_keygen(alg=ns.IGNORECASE))


# Which folders are slides


@dataclass(frozen=True, slots=True)
class SlideFolder:
    """A folder that is a slide.

    Attributes:
        path: of the folder.
        root: the folder that was added; the slide itself, or above it.
        images: how many are in it and in the folders inside.
    """

    path: Path
    root: Path
    images: int

    @property
    def relative(self) -> str:
        """Below the root with `/`; its own name if it is the root."""
        if self.path == self.root:
            return shown(self.path.name or str(self.path))
        return shown(self.path.relative_to(self.root).as_posix())

    @property
    def above(self) -> tuple[str, ...]:
        """Names of the folders above `relative`, from the outermost inwards."""
        top = self.path.parent if self.path == self.root else self.root
        return tuple(shown(name) for name in top.parts[1:])


@dataclass(frozen=True, slots=True)
class Found:
    """Slides in natural order, and what could not be looked at, each in a sentence."""

    slides: tuple[SlideFolder, ...]
    problems: tuple[str, ...]


def group(names: Iterable[str], class_names: frozenset[str]) -> dict[str, int]:
    """Slides among the folders of some images, with how many images each has.

    A folder that holds images is a slide with all that is in it. A folder named like a class is
    none: it says the true class of images of the slide around it.

    Args:
        names: of the images, relative to one folder, with `/`.
        class_names: plain names (`domain.classes.plain`) of classes.

    Returns:
        Folders relative to that one ("" is itself), in natural order.
    """
    folders = Counter(name.rpartition("/")[0] for name in names)
    outside: dict[str, tuple[str, ...]] = {}
    for folder in folders:
        parts = folder.split("/") if folder else []
        at = next((n for n, part in enumerate(parts) if plain(part) in class_names), len(parts))
        outside[folder] = tuple(parts[:at])
    holding, counts = set(outside.values()), Counter[str]()
    for folder, images in folders.items():
        inside = outside[folder]
        top = next(inside[:n] for n in range(len(inside) + 1) if inside[:n] in holding)
        counts["/".join(top)] += images
    return dict(sorted(counts.items(), key=lambda pair: _IN_ORDER(pair[0])))


def slides_under(
    paths: Sequence[Path],
    class_names: frozenset[str] = frozenset(),
    cancel: CancelToken | None = None,
) -> Iterator[Found]:
    """Slides under some folders, one step for each of them.

    A folder that is reached twice is given once. What cannot be opened is a problem, and the rest
    is found nevertheless.

    Args:
        paths: folders; a file stands for the folder that it is in.
        class_names: see `group`.
        cancel: ends it; the folder that is being walked then is left out.
    """
    taken: set[Path] = set()
    around: set[Path] = set()
    for path in paths:
        try:
            found = scan([path], cancel=cancel)
        except UsageError as error:
            yield Found((), (str(error),))
            continue
        if cancel and cancel.cancelled:
            return
        slides = []
        for slide in _slides_of(found.images, class_names):
            above = {slide.path, *slide.path.parents}
            if slide.path not in around and not above & taken:
                taken.add(slide.path)
                around |= above
                slides.append(slide)
        nothing = f"There are no images in {shown(path.name or str(path))!r}."
        yield Found(tuple(slides), found.problems if found.images else (nothing, *found.problems))


def _slides_of(images: Sequence[ImageFile], class_names: frozenset[str]) -> Iterator[SlideFolder]:
    if not images:
        return
    root = images[0].path.parents[images[0].name.count("/")]
    # Not their names: those show bytes that are no UTF-8 in another way than paths do.
    names = (image.path.relative_to(root).as_posix() for image in images)
    for relative, count in group(names, class_names).items():
        yield SlideFolder(root / relative, root, count)


def shown(name: str) -> str:
    """A name from the file system as text; bytes that are no UTF-8 are written out."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


@lru_cache(maxsize=1)
def shipped_class_names() -> frozenset[str]:
    """Plain names of the classes of all shipped models; reads their headers once."""
    classes: list[CellClass] = []
    for path in shipped():
        try:
            classes.extend(peek(path).cell_classes)
        except ModelFileError as error:
            log.warning("%s", error)
    return class_names(classes)


def class_names(classes: Iterable[CellClass]) -> frozenset[str]:
    """Plain names under which folders stand for these classes."""
    return frozenset(plain(word) for one in classes for word in (one.id, one.name, *one.aliases))


# The list


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """A line of the worklist.

    Attributes:
        path: absolute, of the folder.
        name: of the slide.
        patient: or "".
        images: as many as were found last.
        suggested: how many of them have a suggestion.
        decided: how many are decided.
        to_review: how many undecided ones need review.
        record: `draft`, `final` or `amended`.
        session: name of its session, by which it is known again under another path; "" before.
    """

    path: str
    name: str
    patient: str = ""
    images: int = 0
    suggested: int = 0
    decided: int = 0
    to_review: int = 0
    record: str = "draft"
    session: str = ""


Slides = tuple[Slide, ...]


class _File(msgspec.Struct, frozen=True):
    slides: Slides
    version: int = _VERSION


def in_order(slides: Iterable[Slide]) -> Slides:
    """By patient and name, naturally; those without a patient last. One line per path."""
    by_path = {slide.path: slide for slide in slides}
    return tuple(
        sorted(
            by_path.values(),
            key=lambda one: (
                not one.patient,
                _IN_ORDER(one.patient),
                _IN_ORDER(one.name),
                one.path,
            ),
        )
    )


def added(slides: Slides, new: Iterable[Slide]) -> Slides:
    """With more slides; those that are there keep their state and take the new names."""
    merged = {slide.path: slide for slide in slides}
    for slide in new:
        old = merged.get(slide.path)
        merged[slide.path] = replace(old, name=slide.name, patient=slide.patient) if old else slide
    return in_order(merged.values())


def without(slides: Slides, paths: Iterable[str]) -> Slides:
    """Without those at these paths; their sessions stay."""
    gone = set(paths)
    return tuple(slide for slide in slides if slide.path not in gone)


def seen(slides: Slides, state: Slide, missing: frozenset[str] = frozenset()) -> Slides:
    """With what is now true of one slide; its names stay as they are in the list.

    A slide that is missing and has the same session is the same one under its old path.
    """

    def same(one: Slide) -> bool:
        return one.path == state.path or (
            bool(state.session) and one.session == state.session and one.path in missing
        )

    here = any(one.path == state.path for one in slides)
    return in_order(
        replace(state, name=one.name, patient=one.patient)
        if (one.path == state.path if here else same(one))
        else one
        for one in slides
    )


def neighbour(slides: Slides, path: str, step: int) -> Slide | None:
    """The slide before (-1) or after (1) this one; from outside the list its last or its first."""
    paths = [slide.path for slide in slides]
    at = paths.index(path) + step if path in paths else (0 if step > 0 else len(slides) - 1)
    return slides[at] if 0 <= at < len(slides) else None


def worklist_file() -> Path:
    """Where it is kept: beside the sessions."""
    return data_folder() / "worklist.json"


def read() -> Slides:
    """The slides in order; a file that cannot be understood is put aside and the list empty."""
    file = worklist_file()
    try:
        kept = msgspec.convert(json.loads(file.read_bytes()), _File)
    except OSError:
        return ()
    except (ValueError, msgspec.MsgspecError):
        kept = _File((), _VERSION + 1)
    if kept.version > _VERSION:
        log.warning("The worklist could not be understood and was put aside.")
        with contextlib.suppress(OSError):
            file.replace(file.with_name("worklist-put-aside.json"))
        return ()
    return in_order(kept.slides)


def change(how: Callable[[Slides], Slides]) -> Slides:
    """Read the list, change it and write it in one step; not written when nothing changed.

    Raises:
        OutputError: it cannot be written; the file is as it was.
    """
    before = read()
    after = in_order(how(before))
    if after != before:
        file = worklist_file()
        with contextlib.suppress(OSError):  # writing says it
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # By this module, because paths may hold bytes that are no UTF-8; msgspec refuses them.
        write_whole(file, [json.dumps(msgspec.to_builtins(_File(after)))])
        with contextlib.suppress(OSError):
            file.chmod(0o600)  # names of patients
    return after


def names_of(folder: Path) -> tuple[str, str]:
    """Slide and patient of a folder as the worklist has them; two "" if it is in none."""
    path = os.path.abspath(folder)  # noqa: PTH100  # resolve() would rename what links name
    return next(((one.name, one.patient) for one in read() if one.path == path), ("", ""))
