"""`leukview report`: a printable report of what was recorded of a folder."""

from __future__ import annotations

from leukview.cli.reviewed import STOPPED, Wanted, ended, log_words
from leukview.cli.terminal import Terminal, stoppable
from leukview.domain.errors import OutputError, UsageError
from leukview.reports.html_report import Contents, html
from leukview.reports.whole import whole_file
from leukview.session.events import Head
from leukview.workflows.recorded import Recorded, recorded
from leukview.workflows.report import Reported, contents

_ENDINGS = (".html", ".htm", ".pdf")


def run(wanted: Wanted, terminal: Terminal) -> int:
    """Write the report of a slide as HTML or PDF, by the ending of its name.

    Returns:
        Exit code: 0 all images were read, 1 some were not, 130 stopped.

    Raises:
        LeukViewError: nothing is recorded, it is read blind, or it cannot be written.
    """
    out = wanted.out
    if out.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"A report is HTML or PDF, and {out.name!r} ends in neither. Nothing was written. Let"
            f" it end in {' or '.join(_ENDINGS[::2])}."
        )
    if out.exists() and not wanted.force:
        raise OutputError(
            f"{out} exists and was left as it is. Nothing was written. Choose another name, or add"
            " --force."
        )
    with stoppable() as token:
        try:
            found = recorded(wanted.paths, cancel=token)
        except OutputError as error:
            if not token.cancelled:
                raise
            terminal.error(str(error))
            return STOPPED
    try:
        for problem in found.problems:
            terminal.say(problem)
        said, head = _contents(found, deidentify=wanted.deidentify)
    finally:
        found.store.close()
    if out.suffix.lower() == ".pdf":
        from leukview.ui.pdf import pdf  # Qt is loaded for this format only

        data = pdf(said)
    else:
        data = html(said).encode()
    with whole_file(out, replace=wanted.force) as file:
        file.write(data)
    terminal.say(f"Wrote the report to {out.name}.")
    terminal.say(log_words(head))
    return ended(found, terminal)


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
