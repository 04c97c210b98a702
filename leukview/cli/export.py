"""`leukview export`: what was recorded of a folder, written to a file; nothing is classified."""

from __future__ import annotations

from dataclasses import dataclass

from leukview.cli.reviewed import READ_ALL, STOPPED, Wanted, ended, log_words
from leukview.cli.terminal import Terminal, stoppable
from leukview.domain.classes import Unit
from leukview.domain.errors import UsageError
from leukview.domain.progress import CancelToken, Progress
from leukview.reports.about import NOTICE
from leukview.session import bundle
from leukview.workflows import export
from leukview.workflows.export import Exportable, Format, Order, Written
from leukview.workflows.recorded import Recorded, recorded, session_file
from leukview.workflows.table_rows import snapshot

__all__ = ["Format", "Options", "run"]

SESSION = ".leukview"
_FOR_EXCEL = (Format.CSV, Format.SEMICOLON, Format.IMAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Wanted):
    """What `leukview export` was asked for; the options of the same names."""

    format: Format | None = None
    excel: bool = False


def run(options: Options, terminal: Terminal) -> int:
    """Write the recorded review of some folders.

    Returns:
        Exit code: 0 all images were read, 1 some were not, 130 stopped.

    Raises:
        LeukViewError: nothing is recorded, or it cannot be written.
    """
    if options.out.suffix.lower() == SESSION and options.format is None:
        return _whole_session(options, terminal)
    order = _order(options)
    export.check(order)
    with stoppable() as token:
        try:
            return _run(options, order, token, terminal)
        except (UsageError, OSError):
            raise
        except Exception as error:
            if not token.cancelled:
                raise
            terminal.error(str(error))
            return STOPPED


def _whole_session(options: Options, terminal: Terminal) -> int:
    """The session itself, for `leukview import` on another computer."""
    if options.deidentify or options.excel:
        raise UsageError(
            "A session file is whole: --deidentify and --excel concern tables. Nothing was"
            " exported. Leave them out, or export a table."
        )
    head = bundle.export(session_file(options.paths), options.out, force=options.force)
    terminal.say(f"Exported the session to {options.out.name}. It holds names of files and people.")
    terminal.say(log_words(head))
    return READ_ALL


def _order(options: Options) -> Order:
    form = options.format or export.format_of(options.out)
    if options.excel and form not in _FOR_EXCEL:
        raise UsageError(
            "--excel concerns CSV only. Nothing was exported. Leave it out, or use --format csv."
        )
    return Order(
        path=options.out,
        format=form,
        bom=options.excel or form is Format.SEMICOLON,  # which is for Excel anyway
        deidentify=options.deidentify,
        force=options.force,
    )


def _run(options: Options, order: Order, token: CancelToken, terminal: Terminal) -> int:
    found = recorded(options.paths, cancel=token)
    try:
        for problem in found.problems:
            terminal.say(problem)
        if found.review.blind:
            raise UsageError(
                "This slide is being read blind first, and an export would show the suggestions."
                " Nothing was exported. End the blind reading in the window, then export; a session"
                " file (.leukview) can be written at any time."
            )
        what = _exportable(found)
        with terminal.progress(len(what.kept.images), "images") as show:
            for step in export.export(what, order, token):
                if isinstance(step, Progress):
                    show(step.done)
                else:
                    _tell(step, order, terminal)
    finally:
        found.store.close()
    return ended(found, terminal)


def _exportable(found: Recorded) -> Exportable:
    return Exportable(
        kept=snapshot(found.review),
        identity=found.identity,
        head=found.store.head(),
        unit=found.contract.unit if found.contract else Unit.CELL,
    )


def _tell(written: Written, order: Order, terminal: Terminal) -> None:
    for sentence in written.sentences():
        terminal.say(sentence)
    terminal.say(log_words(written.head))
    if order.deidentify and order.format is Format.IMAGES:
        terminal.say("What is written into the pixels of an image is still there: look at them.")
    terminal.say(NOTICE)
