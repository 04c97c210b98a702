"""`leukview report`: a printable report of what was recorded of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leukview.cli.export import log_words
from leukview.cli.terminal import Terminal, stoppable
from leukview.domain.errors import OutputError, UsageError
from leukview.reports.html_report import Contents, html
from leukview.reports.whole import whole_file
from leukview.session.events import Head
from leukview.workflows.recorded import Recorded, recorded
from leukview.workflows.report import Reported, contents

READ_ALL, SOME_FAILED, STOPPED = 0, 1, 130
_ENDINGS = (".html", ".htm", ".pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `leukview report` was asked for; the options of the same names."""

    paths: Sequence[Path]
    out: Path
    deidentify: bool = False
    force: bool = False


def run(options: Options, terminal: Terminal) -> int:
    """Write the report of a slide as HTML or PDF, by the ending of its name.

    Returns:
        Exit code: 0 all images were read, 1 some were not, 130 stopped.

    Raises:
        LeukViewError: nothing is recorded, it is read blind, or it cannot be written.
    """
    out = options.out
    if out.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"A report is HTML or PDF, and {out.name!r} ends in neither. Nothing was written. Let"
            f" it end in {' or '.join(_ENDINGS[::2])}."
        )
    if out.exists() and not options.force:
        raise OutputError(
            f"{out} exists and was left as it is. Nothing was written. Choose another name, or add"
            " --force."
        )
    with stoppable() as token:
        try:
            found = recorded(options.paths, cancel=token)
        except OutputError as error:
            if not token.cancelled:
                raise
            terminal.error(str(error))
            return STOPPED
    try:
        for problem in found.problems:
            terminal.say(problem)
        said, head = _contents(found, deidentify=options.deidentify)
    finally:
        found.store.close()
    if out.suffix.lower() == ".pdf":
        from leukview.ui.pdf import pdf  # Qt is loaded for this format only

        data = pdf(said)
    else:
        data = html(said).encode()
    with whole_file(out, replace=options.force) as file:
        file.write(data)
    terminal.say(f"Wrote the report to {out.name}.")
    terminal.say(log_words(head))
    return SOME_FAILED if found.unread or found.problems or found.review.errors else READ_ALL


def _contents(found: Recorded, *, deidentify: bool) -> tuple[Contents, Head]:
    head = found.store.head()
    what = Reported(
        review=found.review,
        head=head,
        identity=found.identity,
        contract=found.contract,
        slide=found.review.slide or found.folder.name,
        deidentify=deidentify,
    )
    return contents(what), head
