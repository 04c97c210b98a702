"""What a table says about the images of a slide, laid beside what stands, and taken in.

Nothing of what stands here changes unless it is chosen for each image, and one undo takes all back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from leukview.domain.progress import CancelToken
from leukview.domain.records import DecisionState
from leukview.domain.table import PROBABILITY, read_truth, refusal, unescaped
from leukview.imaging.drive import READ_SECONDS, Drive
from leukview.reports.table_file import Line
from leukview.workflows.actions import (
    NOTHING,
    Adopted,
    Standing,
    adopted_decision,
    in_words,
    same,
)
from leukview.workflows.columns import Changes
from leukview.workflows.identified import read
from leukview.workflows.review import Review

_BATCH = 64
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_STATES = frozenset(one.value for one in DecisionState)
_UNDECIDED, _EXCLUDED = DecisionState.UNDECIDED.value, DecisionState.EXCLUDED.value
_FOR_A_CLASS = (DecisionState.AGREED.value, DecisionState.CHANGED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One image about which the table says something else than stands here.

    Attributes:
        sha256: of the image.
        row: of the image in the review.
        name: of its file.
        line: of the table.
        ours: what stands, in words.
        theirs: what the table says, in words.
        said: the same, to be taken.
    """

    sha256: str
    row: int
    name: str
    line: int
    ours: str
    theirs: str
    said: Adopted


@dataclass(slots=True)
class Plan:
    """What an import would do.

    Attributes:
        table: name of the file.
        lines: that the table has.
        silent: lines about images here that say nothing.
        same: images about which the table says nothing but what stands.
        new: what is taken where nothing stands that speaks against it, by image hash.
        conflicts: where something else stands.
        unknown: numbers of lines about images that are not here, and how that is known.
        foreign: numbers of lines with classes that are not known here, and which are.
        bad: numbers of lines that cannot be taken, and why.
    """

    table: str
    lines: int = 0
    silent: int = 0
    same: int = 0
    new: dict[str, Adopted] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    unknown: list[tuple[int, str]] = field(default_factory=list)
    foreign: list[tuple[int, str]] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)

    def counts(self) -> list[tuple[int, str]]:
        """What becomes of how many lines; only what there is."""
        said = (
            (len(self.new), "new"),
            (self.same, "the same as stands here"),
            (len(self.conflicts), "in conflict: something else stands here"),
            (self.silent, "without a decision, flag or comment"),
            (len(self.unknown), "about images that are not here"),
            (len(self.foreign), "of classes that are not known here"),
            (len(self.bad), "that cannot be taken"),
        )
        return [(count, words) for count, words in said if count]

    @property
    def why_none(self) -> str:
        """What to know where no line fits an image here, or ""."""
        if not self.lines or len(self.unknown) < self.lines:
            return ""
        return (
            "No line fits an image here. A de-identified table has neither names nor hashes of the"
            " images, so it cannot be taken in."
        )

    def refused(self, most: int, *, hidden: bool = False) -> list[str]:
        """Each line that is not taken, in a sentence; of each kind at most some.

        Args:
            most: lines of each kind.
            hidden: leave out those that name images, where names are not to be seen.
        """
        said: list[str] = []
        for lines in (self.bad, self.foreign, [] if hidden or self.why_none else self.unknown):
            said += [f"{self.table}, line {number}: {why}." for number, why in lines[:most]]
            if len(lines) > most:
                said.append(f"and {len(lines) - most:,} more")
        return said

    def sentences(self) -> list[str]:
        """The counts in words."""
        said = [f"{self.table} has {_of(self.lines, 'line')}."]
        said += [f"{count:,} {words}." for count, words in self.counts()]
        return [*said, self.why_none] if self.why_none else said


@dataclass(frozen=True, slots=True)
class Said:
    """What one line of a table says.

    Attributes:
        line: its number.
        image: name in it.
        sha256: of the image, or "".
        adopted: what is said, or in words why that cannot be understood.
    """

    line: int
    image: str
    sha256: str
    adopted: Adopted | str


@dataclass(slots=True)
class Table:
    """All lines of a table, understood; `classes` are the ids that it has columns for."""

    name: str
    lines: list[Said] = field(default_factory=list)
    classes: frozenset[str] = frozenset()


def understood(name: str, lines: Iterable[Line], *, cancel: CancelToken | None = None) -> Table:
    """Understand each line by itself, without a look at a review: for any thread.

    Args:
        name: of the table, for people.
        lines: of it, by `reports.table_file.read_table`, whose errors come from here.
        cancel: ends it.

    Raises:
        UsageError: the file is no such table.
    """
    made = Table(name)
    for number, cells in lines:
        if cancel and cancel.cancelled:
            break
        if not made.lines:
            ids = (one.removeprefix(PROBABILITY) for one in cells if one.startswith(PROBABILITY))
            made.classes = frozenset(ids)
        try:
            said: Adopted | str = _said(cells)
        except ValueError as error:
            said = str(error)
        sha256 = cells.get("sha256", "").strip().lower()
        made.lines.append(Said(number, _typed(cells, "image"), sha256, said))
    return made


def plan(table: Table, review: Review) -> Plan:
    """Compare a table with what stands in the current reading; nothing is changed.

    Lines are matched to images by the hash of the bytes, and by the name only where a line has no
    hash. Classes are those of the model in use; where none was used, those of the table.

    Args:
        table: by `understood`.
        review: of the slide; call `know_all` before.
    """
    made = Plan(table=table.name, lines=len(table.lines))
    by_hash = {sha256: row for row, sha256 in enumerate(review.sha256) if sha256}
    by_name = {image.name: row for row, image in enumerate(review.images)}
    ids = {one.id for one in review.classes} or table.classes
    taken: dict[str, tuple[int, Adopted]] = {}  # of each image, the line that counts
    for one in table.lines:
        number, said = one.line, one.adopted
        if isinstance(said, str):
            made.bad.append((number, said))
            continue
        row = by_hash.get(one.sha256) if one.sha256 else by_name.get(one.image)
        if row is None or not review.sha256[row]:
            made.unknown.append((number, _not_here(one, row)))
        elif said.class_id and ids and said.class_id not in ids:
            known = [one.id for one in review.classes] or sorted(ids)
            made.foreign.append((number, refusal("decision", said.class_id, known)))
        elif said.state == _UNDECIDED and not said.flag and not said.comment:
            made.silent += 1
        elif (first := taken.setdefault(review.sha256[row], (number, said)))[0] == number:
            _lay_beside(made, review, row, number, said)
        elif first[1] == said:
            made.same += 1  # two files with the same bytes
        else:
            # Without its name, which may tell the class, since these are said in blind readings.
            why = f"line {first[0]} says something else of the same image"
            made.bad.append((number, f"{why}; allowed: one decision for each image"))
    return made


def _not_here(one: Said, row: int | None) -> str:
    """Why a line belongs to no image of this folder."""
    if one.sha256:
        return f"sha256 is {one.sha256[:8]!r}… of {one.image!r}, which no image here has"
    return f"image is {one.image!r}, which {'is not here' if row is None else 'cannot be read'}"


def know_all(review: Review, *, cancel: CancelToken | None = None) -> int:
    """Read files whose bytes are not known, so that tables can be matched by hash.

    Returns:
        How many could not be read.
    """
    rows = [row for row, sha256 in enumerate(review.sha256) if not sha256]
    failed, drive = 0, Drive()
    for first in range(0, len(rows), _BATCH):
        if cancel and cancel.cancelled:
            break
        some = rows[first : first + _BATCH]
        pairs = [(row, review.images[row]) for row in some]
        found = drive.each(READ_SECONDS, read, pairs, cancel)
        failed += len(some) - sum(1 for one in found if one.sha256)
        review.compare(found)
    return failed


def take(made: Plan, review: Review, theirs: Iterable[str] = ()) -> Changes:
    """Take what is new, and of the conflicts those whose images are named; one event.

    Args:
        made: what was laid beside what stands.
        review: of the slide.
        theirs: hashes of the images in conflict for which the table is right.

    Raises:
        FinalError: the slide is final.
        SessionError: the session takes nothing now; nothing was changed.
    """
    chosen = set(theirs)
    said = dict(made.new)
    said |= {one.sha256: one.said for one in made.conflicts if one.sha256 in chosen}
    return review.adopt(said, f"taken from {made.table}")


def _lay_beside(made: Plan, review: Review, row: int, number: int, said: Adopted) -> None:
    """A table that is silent about a decision, flag or comment does not speak against it."""
    sha256 = review.sha256[row]
    ours = review.standing_of(sha256)
    if ours == NOTHING:  # most lines, and the window waits for them
        made.new[sha256] = said
        return
    theirs = _standing(said)
    if _contradicts(ours, theirs):
        made.conflicts.append(
            Conflict(
                sha256=sha256,
                row=row,
                name=review.images[row].name,
                line=number,
                ours=_in_words(review, ours),
                theirs=_in_words(review, theirs),
                said=said,
            )
        )
    elif _adds(ours, theirs):
        made.new[sha256] = said
    else:
        made.same += 1


def _contradicts(ours: Standing, theirs: Standing) -> bool:
    one, other = ours.decision, theirs.decision
    decisions = one is not None and other is not None and not same(one, other)
    comments = ours.comment and theirs.comment and ours.comment != theirs.comment
    return bool(decisions or comments)


def _adds(ours: Standing, theirs: Standing) -> bool:
    return bool(
        (theirs.decision and not ours.decision)
        or (theirs.flag and not ours.flag)
        or (theirs.comment and not ours.comment)
    )


def _standing(said: Adopted) -> Standing:
    return Standing(adopted_decision(said), said.flag, said.comment)


def _in_words(review: Review, standing: Standing) -> str:
    """For people: with the name of the class, not its id."""
    found = standing.decision
    if found is None or not found.class_id:
        return in_words(standing)
    name = next((c.name for c in review.classes if c.id == found.class_id), found.class_id)
    rest = in_words(Standing(None, standing.flag, standing.comment)).split(", ", 1)[1:]
    return ", ".join([name, *rest])


def _said(cells: Mapping[str, str]) -> Adopted:
    """What a line says.

    Raises:
        ValueError: it says nothing that can be understood.
    """
    state = cells.get("decision_state", "").strip().lower() or _UNDECIDED
    if state not in _STATES:
        raise ValueError(refusal("decision_state", state, (one.value for one in DecisionState)))
    for_class = state in _FOR_A_CLASS
    class_id = cells.get("decision", "").strip()
    if state == _UNDECIDED and class_id:  # typed into the table by somebody
        state, for_class = DecisionState.CHANGED.value, True
    if for_class and not class_id:
        ids = [one.removeprefix(PROBABILITY) for one in cells if one.startswith(PROBABILITY)]
        why = refusal("decision", class_id, ids or ["the id of a class"])
        raise ValueError(f"{why}, since decision_state is {state!r}")
    return Adopted(
        state=state,
        class_id=class_id if for_class else "",
        reason=_typed(cells, "exclude_reason") if state == _EXCLUDED else "",
        reviewer=_typed(cells, "reviewer"),
        decided_at=_moment(cells.get("decided_at", "").strip()),
        suggestion_seen=bool(read_truth(cells.get("suggestion_seen", ""), "suggestion_seen")),
        suggestion=cells.get("suggestion", ""),
        queue=cells.get("queue", ""),
        flag=bool(read_truth(cells.get("flag", "") or "false", "flag")),
        comment=_typed(cells, "comment"),
    )


@lru_cache(maxsize=65536)  # an action on many images has one time
def _moment(text: str) -> str:
    """As every export writes it; another text in the log would stop the next export as Parquet.

    Raises:
        ValueError: it is none.
    """
    if not text:
        return ""
    try:
        return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC).strftime(_MOMENT)
    except ValueError as error:
        allowed = ["a time in UTC like 2026-11-22T18:05:09Z", "nothing"]
        raise ValueError(refusal("decided_at", text, allowed)) from error


def _typed(cells: Mapping[str, str], name: str) -> str:
    """A text as it was typed, where the table had to escape it for a spreadsheet."""
    return unescaped(cells.get(name, ""), cells.get("name_escaped", ""))


def _of(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
