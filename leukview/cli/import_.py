"""`leukview import` and `leukview delete`: what comes from elsewhere, and sessions that go."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from leukview.cli.reviewed import STOPPED, log_words
from leukview.cli.terminal import Terminal, stoppable
from leukview.domain.errors import OutputError, SessionError, UsageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.reports.table_file import read_table
from leukview.session import bundle
from leukview.session.index import find, find_or_create
from leukview.session.store import SessionStore, open_store, open_to_read
from leukview.session.verify import check
from leukview.workflows import last_model, take_in
from leukview.workflows.open_folder import open_folder
from leukview.workflows.opened import recall
from leukview.workflows.recorded import session_file
from leukview.workflows.review import Review
from leukview.workflows.take_in import Plan

_LISTED = 10  # of each kind, before it says how many more there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `leukview import` was asked for.

    Attributes:
        paths: a session file; or a folder of images, and a table about them.
        apply: take it, not only say what would be taken.
        theirs: where the table says something else than stands here, the table is right.
        reviewer: who takes it.
    """

    paths: Sequence[Path]
    apply: bool = False
    theirs: bool = False
    reviewer: str = ""


def run(options: Options, terminal: Terminal) -> int:
    """Take a session file, or what a table says about a folder of images.

    Returns:
        Exit code: 0 done; 1 some lines of the table were refused; 130 stopped.

    Raises:
        UsageError: no such file, or another kind.
        SessionError: the session cannot be taken or written.
        FinalError: the slide is final.
    """
    match list(options.paths):
        case [file]:
            return _session(file, terminal)
        case [folder, table]:
            with stoppable() as token:
                try:
                    return _table(folder, table, options, token, terminal)
                except OutputError as error:
                    if not token.cancelled:
                        raise
                    terminal.error(str(error))
                    return STOPPED
    raise UsageError(
        "Name a session file, or a folder of images and one table about them. Nothing was changed."
    )


def _session(file: Path, terminal: Terminal) -> int:
    if not file.is_file():
        raise UsageError(f"There is no file {str(file)!r}. Nothing was imported.")
    if file.suffix.lower() != bundle.ENDING:
        raise UsageError(
            f"{file.name} is no session ({bundle.ENDING}). Nothing was changed. To take in what a"
            " table says, name the folder of images first: `leukview import FOLDER TABLE`."
        )
    made = bundle.import_(file)
    terminal.say(f"{file.name}: {made.words}")
    return 0


def _table(
    folder: Path, table: Path, options: Options, token: CancelToken, terminal: Terminal
) -> int:
    if not table.is_file():
        raise UsageError(f"There is no file {str(table)!r}. Nothing was imported.")
    said = take_in.understood(table.name, read_table(table), cancel=token)
    scan = open_folder([folder], cancel=token)
    _stop_if(token)
    with _store(scan.images, folder.absolute(), options, token) as store:
        model = last_model.last(store)
        review = Review(scan.images, model.classes, store, reviewer=options.reviewer, cancel=token)
        if model.identity.sha256:
            recall(review, model.identity.sha256)
        unread = take_in.know_all(review, cancel=token)
        _stop_if(token)
        plan = take_in.plan(said, review)
        _tell(plan, terminal)
        if unread:
            terminal.say(f"{unread:,} images could not be read and are not known here.")
        if not options.apply:
            more = " Add --apply to take in what is new." if plan.new else ""
            if plan.conflicts:
                more += " --apply --theirs also takes what the table says in conflicts."
            terminal.say(f"Nothing was changed.{more}")
        else:
            _take(plan, review, options, terminal)
            store.flush()
    return 1 if plan.bad or plan.foreign else 0


@contextlib.contextmanager
def _store(
    images: Sequence[ImageFile], folder: Path, options: Options, token: CancelToken
) -> Iterator[SessionStore]:
    """The session to import into; only to look at, nothing is made or written among the sessions.

    Where there is none to look at, an empty one stands for it in a folder that goes afterwards.

    Raises:
        OutputError: it was stopped.
        SessionError: it cannot be opened, or a window has it open and it was to be written.
    """
    with contextlib.ExitStack() as stack:
        if options.apply:
            made = find_or_create(images, folder, cancel=token)
            store = made[0] if made else None
        else:
            file = find(images, folder, cancel=token)
            known = file is not None and file.stat().st_size > 0
            scratch = "" if known else stack.enter_context(TemporaryDirectory(prefix="leukview-"))
            store = open_to_read(file) if file and known else open_store(Path(scratch, "empty.lkv"))
        if store is None:
            raise OutputError("It was stopped. Nothing was imported.")
        stack.callback(store.close)
        if options.apply and store.read_only:
            raise SessionError(
                "This slide is open in a window, so nothing was imported. Close it there, or import"
                " in that window: File > Import."
            )
        yield store


def _take(plan: Plan, review: Review, options: Options, terminal: Terminal) -> None:
    theirs = [one.sha256 for one in plan.conflicts] if options.theirs else []
    changes = take_in.take(plan, review, theirs)
    if changes.then is not None:  # many files are to be looked at first
        review.checked[:] = [bool(sha256) for sha256 in review.sha256]
        changes = changes.then()
    kept = 0 if options.theirs else len(plan.conflicts)
    terminal.say(changes.text.strip() or "Nothing was changed: there was nothing new.")
    if kept:
        terminal.say(f"{kept:,} in conflict stayed as they stood here; --theirs takes the table's.")
    if changes.rows.size:
        terminal.say(log_words(review.head()))


def _tell(plan: Plan, terminal: Terminal) -> None:
    for sentence in plan.sentences():
        terminal.say(sentence)
    said = [
        f"{plan.table}, line {c.line}: {c.name}: here {c.ours}; table {c.theirs}"
        for c in plan.conflicts[:_LISTED]
    ]
    if len(plan.conflicts) > _LISTED:
        said.append(f"and {len(plan.conflicts) - _LISTED:,} more")
    for line in [*said, *plan.refused(_LISTED)]:
        terminal.say(f"  {line}")


def _stop_if(token: CancelToken) -> None:
    if token.cancelled:
        raise OutputError("It was stopped. Nothing was imported.")


def delete(folder: Path, *, sure: bool, terminal: Terminal) -> int:
    """Remove what is recorded of a folder; its images stay.

    Raises:
        UsageError: nothing is recorded of it, or nobody has said that it is meant.
        SessionError: it is open in a window.
    """
    if folder.is_file() and folder.suffix.lower() == bundle.ENDING:
        raise UsageError(
            f"{folder.name} is an exported file. Nothing was deleted. Remove it like any file; to"
            " delete what is recorded here, name the folder of images."
        )
    file = session_file([folder])
    head = check(file).head
    if not sure:
        raise UsageError(
            f"This deletes {head.events:,} events, all decisions and suggestions of"
            f" {folder.name!r}, for good. Nothing was deleted. Say --yes if it is meant;"
            " `leukview export FOLDER --out X.leukview` keeps a copy."
        )
    bundle.delete(file)
    terminal.say(
        f"What was recorded of {folder.name!r} is deleted ({head.events:,} events). Its images were"
        " not touched."
    )
    return 0
