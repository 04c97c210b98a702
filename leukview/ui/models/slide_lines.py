"""The lines of the worklist as they are shown: patients, slides, and folders opened before."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from leukview.ui.settings import Recent
from leukview.workflows.worklist import Slide, Slides

NAMELESS = "Without a patient"
HIDDEN = "This slide"  # the open one, while no name is shown
NOT_FOUND = ("question", "Not found")
# The signs of review-ux: not run, under way, reviewed, final.
NOT_RUN, UNDER_WAY, REVIEWED, FINAL = "circle-dashed", "circle-half", "circle-fill", "check-circle"


class Kind(enum.Enum):
    """What a line is."""

    PATIENT = enum.auto()
    SLIDE = enum.auto()
    HEADING = enum.auto()
    FOLDER = enum.auto()  # on no worklist


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        kind: what it is.
        key: the path of a folder, or the name of a patient.
        name: that is shown.
        icon: of its state.
        state: in words; of a patient how many slides.
        progress: how many are decided, where there is room for it.
        tip: or "".
        spoken: by a screen reader.
        current: whether it is open.
        faded: whether its folder was not found.
        folded: whether the slides of a patient are not shown.
    """

    kind: Kind
    key: str
    name: str
    icon: str = ""
    state: str = ""
    progress: str = ""
    tip: str = ""
    spoken: str = ""
    current: bool = False
    faded: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a slide stands: an icon, words, and how many are decided where the words do not say."""

    icon: str = ""
    words: str = ""
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the panel is to show.

    Attributes:
        slides: of the worklist, in order.
        current: path of the open folder, or "".
        current_name: of the open folder.
        recents: folders opened before, newest first.
        missing: paths that were not found.
        folded: patients whose slides are hidden.
        hidden: no name, and nothing that depends on a model.
        stand: of the open folder.
    """

    slides: Slides = ()
    current: str = ""
    current_name: str = ""
    recents: tuple[Recent, ...] = ()
    missing: frozenset[str] = frozenset()
    folded: frozenset[str] = frozenset()
    hidden: bool = False
    stand: Stand = Stand()


def stand_of(slide: Slide, *, blind: bool = False) -> Stand:
    """Where a slide stands; blind, nothing of it depends on a model."""
    if slide.record in ("final", "amended"):
        return Stand(FINAL, f"{slide.record.capitalize()} · {slide.images:,} images")
    if slide.images and slide.decided >= slide.images:
        return Stand(REVIEWED, f"All {slide.images:,} decided")
    progress = f"{slide.decided:,} of {slide.images:,}" if slide.decided else ""
    if blind:
        begun = Stand(UNDER_WAY, f"{progress} decided")
        return begun if progress else Stand(NOT_RUN, "Not started")
    if slide.to_review:
        return Stand(UNDER_WAY, f"{slide.to_review:,} to review", progress)
    if slide.suggested:
        return Stand(UNDER_WAY, "None to review", progress)
    return Stand(NOT_RUN, "Not run", progress)


def state_of(entry: Recent) -> tuple[str, str]:
    """Icon and words for where a folder that was opened before stands."""
    if entry.images and entry.decided >= entry.images:
        return FINAL, f"All {entry.images:,} decided"
    if entry.to_review:
        return UNDER_WAY, f"{entry.to_review:,} to review"
    if entry.decided:
        return UNDER_WAY, f"{entry.decided:,} of {entry.images:,} decided"
    return NOT_RUN, f"{entry.images:,} images"


def lines(shown: Shown) -> list[Line]:
    """All lines from the top."""
    made: list[Line] = []
    on_list = {slide.path for slide in shown.slides}
    if shown.current and shown.current not in on_list:
        name = HIDDEN if shown.hidden else shown.current_name
        line = Line(Kind.FOLDER, shown.current, name, current=True)
        made.append(_standing(line, shown.stand, "", hidden=shown.hidden))
    made.extend(_slides(shown))
    rest = [one for one in shown.recents if one.path not in on_list | {shown.current}]
    if rest and not shown.hidden:
        made.append(Line(Kind.HEADING, "", "Opened before", spoken="Opened before"))
        made.extend(_before(one, gone=one.path in shown.missing) for one in rest)
    return made


def open_line(made: Sequence[Line], shown: Shown) -> tuple[int, Line] | None:
    """The line of the open folder as it stands now, and where it is; None if it is folded away.

    After a decision this is the only one that is another one.
    """
    at = next((number for number, one in enumerate(made) if one.current), -1)
    if at < 0 or not shown.stand.words:
        return None
    above = next((one for one in reversed(made[:at]) if one.kind is Kind.PATIENT), None)
    whose = above.name if above is not None and above.key else ""
    return at, _standing(made[at], shown.stand, whose, hidden=shown.hidden)


def _before(one: Recent, *, gone: bool) -> Line:
    icon, state = NOT_FOUND if gone else state_of(one)
    spoken = f"Open the folder {one.name}, {state}"
    return Line(
        *(Kind.FOLDER, one.path, one.name, icon, state), tip=one.path, spoken=spoken, faded=gone
    )


def _slides(shown: Shown) -> Iterator[Line]:
    several = any(slide.patient for slide in shown.slides)
    for number, (patient, found) in enumerate(groupby(shown.slides, lambda one: one.patient), 1):
        slides = list(found)
        folded = several and patient in shown.folded
        name = (f"Patient {number}" if shown.hidden else patient) if patient else NAMELESS
        if several:
            yield _patient(shown, patient, name, len(slides), folded=folded)
        if not folded:
            for at, slide in enumerate(slides, 1):
                yield _slide(shown, slide, at, name if several and patient else "")


def _patient(shown: Shown, patient: str, name: str, slides: int, *, folded: bool) -> Line:
    count = "1 slide" if slides == 1 else f"{slides:,} slides"
    what = "Patient " if patient and not shown.hidden else ""
    spoken = f"{what}{name}, {count}, {'folded' if folded else 'unfolded'}"
    tip = "" if shown.hidden else name
    return Line(*(Kind.PATIENT, patient, name), state=count, tip=tip, spoken=spoken, folded=folded)


def _slide(shown: Shown, slide: Slide, number: int, patient: str) -> Line:
    current = slide.path == shown.current
    gone = slide.path in shown.missing and not current
    stand = stand_of(slide, blind=shown.hidden)
    if gone:
        stand = Stand(*NOT_FOUND)
    elif current and shown.stand.words:
        stand = shown.stand
    name = f"Slide {number}" if shown.hidden else slide.name
    line = Line(Kind.SLIDE, slide.path, name, current=current, faded=gone)
    return _standing(line, stand, patient, hidden=shown.hidden)


def _standing(line: Line, stand: Stand, patient: str, *, hidden: bool) -> Line:
    """A line with what is true of its slide."""
    said = (stand.words, f"{stand.progress} decided" if stand.progress else "")
    what = "" if hidden or line.kind is Kind.FOLDER else "Slide "
    whose = f" of {patient}" if patient else ""
    spoken = (f"{what}{line.name}{whose}", *said, "open" if line.current else "")
    above = f"{patient} · {line.name}" if patient else line.name
    tip = f"{above}\n{', '.join(filter(None, said))}\n{line.key}"
    return replace(
        line,
        icon=stand.icon,
        state=stand.words,
        progress=stand.progress,
        tip="" if hidden else tip,
        spoken=", ".join(filter(None, spoken)),
    )


def open_name(shown: Shown) -> str:
    """How the open folder may be called on the screen."""
    for line in _slides(Shown(shown.slides, shown.current, hidden=shown.hidden)):
        if line.kind is Kind.SLIDE and line.current:
            return line.name
    return HIDDEN if shown.hidden else shown.current_name
