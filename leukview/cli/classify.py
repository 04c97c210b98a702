"""`leukview classify`: images in, a table out, nothing kept."""

from __future__ import annotations

import contextlib
import enum
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from leukview import __version__
from leukview.cli.terminal import Terminal, both_names, printable, stoppable, write_text
from leukview.domain import table
from leukview.domain.errors import DeviceError, OutputError, UsageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile, ImageResult, two_digits
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import ModelFile, load, resolve
from leukview.inference.providers import check_name
from leukview.reports import csv_export
from leukview.workflows.classify_folder import classify_folder
from leukview.workflows.open_folder import choose_model, open_folder

READ_ALL, SOME_FAILED, STOPPED = 0, 1, 130
STDOUT = "-"
_TABLE_LINES = 1000  # on a terminal; a file holds all


class Format(enum.StrEnum):
    """How a table is written."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `leukview classify` was asked for; the options of the same names."""

    paths: Sequence[Path]
    out: str | None = None
    model: str = "auto"
    device: str = "auto"
    require_gpu: bool = False
    batch_size: int | None = None
    recursive: bool = True
    format: Format | None = None
    force: bool = False
    excel: bool = False

    @property
    def written_as(self) -> Format:
        """The format that was asked for, else the one that the file's ending says, else CSV."""
        if self.format is not None:
            return self.format
        endings = (".jsonl", ".ndjson")
        return Format.JSONL if (self.out or "").lower().endswith(endings) else Format.CSV

    @property
    def file(self) -> Path | None:
        return Path(self.out) if self.out not in (None, STDOUT) else None


def run(options: Options, terminal: Terminal) -> int:
    """Classify and write.

    Returns:
        Exit code: 0 all read, 1 some or all images failed, 130 stopped.

    Raises:
        LeukViewError: nothing was classified, or the table could not be written.
    """
    try:
        return _run(options, terminal)
    except KeyboardInterrupt:  # the second one
        terminal.error("Stopped at once. Nothing was written and nothing kept. Run again for all.")
        return STOPPED


def _run(options: Options, terminal: Terminal) -> int:
    _check(options)
    started = time.monotonic()
    results: list[ImageResult] = []
    with stoppable() as token:
        found = open_folder(options.paths, recursive=options.recursive, cancel=token)
        for problem in found.problems:
            terminal.say(problem)
        if found.others:
            files = "file was" if found.others == 1 else "files were"
            terminal.say(f"{found.others:,} other {files} left out: not an image by its ending.")
        classifier: Classifier | None = None
        if not token.cancelled:
            model = _model(options.model, found.images, token, terminal)
            classifier = Classifier(model, options.device, require_gpu=options.require_gpu)
            _announce(classifier, found.images, terminal)
            try:
                _classify(found.images, classifier, options, token, terminal, results)
            except DeviceError as error:
                if not results or options.file is None:
                    raise
                kept = _keep(results, classifier, options.file)
                raise DeviceError(f"{error} {kept}") from error
            except Exception:
                if results and options.file is not None:
                    terminal.error(_keep(results, classifier, options.file))
                raise
        if len(results) < len(found.images) or classifier is None:
            return _stopped(results, len(found.images), classifier, options, terminal)
    _write(results, classifier, options)
    _summary(results, classifier, options, time.monotonic() - started, terminal)
    return SOME_FAILED if any(result.error for result in results) or found.problems else READ_ALL


def _check(options: Options) -> None:
    """Refuse before an hour of work what would fail after it."""
    check_name(options.device)
    if options.require_gpu and options.device == "cpu":
        raise UsageError(
            "--require-gpu and --device cpu contradict each other. Nothing was classified."
            " Leave one of them out."
        )
    if options.excel and options.written_as is not Format.CSV:
        raise UsageError(
            "--excel concerns CSV only. Nothing was classified. Leave it out, or use --format csv."
        )
    if options.file is not None:
        _check_output(options.file, force=options.force)


def _check_output(path: Path, *, force: bool) -> None:
    folder = path.absolute().parent
    if path.is_dir():
        raise OutputError(
            f"{path} is a folder. Nothing was classified or written. Name a file with --out."
        )
    if path.exists() and not force:
        raise OutputError(
            f"{path} exists already and was left as it is. Nothing was classified."
            " Choose another name, or add --force to replace it."
        )
    if not folder.is_dir():
        raise OutputError(
            f"There is no folder {folder} for the output. Nothing was classified."
            " Make it first, or choose another place."
        )
    if not os.access(folder, os.W_OK):
        raise OutputError(
            f"No permission to write into {folder}. Nothing was classified."
            " Choose another place for --out."
        )


def _model(
    name: str, images: Sequence[ImageFile], token: CancelToken, terminal: Terminal
) -> ModelFile:
    if name != "auto":
        return load(resolve(name))
    choice = choose_model(images, cancel=token)
    terminal.say(f"{choice.model.contract.title} was chosen: {choice.reason}")
    return choice.model


def _announce(classifier: Classifier, images: Sequence[ImageFile], terminal: Terminal) -> None:
    device = classifier.device
    terminal.say(f"{len(images):,} images, {classifier.contract.title}, {device.label}")
    if device.fell_back:
        terminal.say(f"The CPU is used: {device.reason} `leukview doctor` says more.")
    if classifier.contract.notice:
        terminal.say(classifier.contract.notice)


def _classify(
    images: Sequence[ImageFile],
    classifier: Classifier,
    options: Options,
    token: CancelToken,
    terminal: Terminal,
    results: list[ImageResult],
) -> None:
    """Fill `results`, which keeps what was done when this is cut short."""
    before = classifier.device
    with terminal.progress(len(images), "images") as show:
        for batch in classify_folder(
            images, classifier, batch_size=options.batch_size, cancel=token
        ):
            results += batch
            show(len(results))
    if classifier.device is not before:
        terminal.say(f"{classifier.device.reason} The rest was classified on the CPU.")


def _lines(
    results: Iterable[ImageResult], classifier: Classifier, kind: Format, *, bom: bool
) -> Iterable[str]:
    ids = classifier.contract.class_ids
    rows = (table.row_of(result, ids, app_version=__version__) for result in results)
    if kind is Format.JSONL:
        return table.json_lines(rows, ids)
    return table.csv_lines(rows, ids, bom=bom)


def _write(results: Sequence[ImageResult], classifier: Classifier, options: Options) -> None:
    if options.out is None:
        _show(results, classifier)
        return
    lines = _lines(results, classifier, options.written_as, bom=options.excel)
    if options.file is None:
        try:
            write_text("".join(lines))
        except OSError as error:
            raise OutputError(
                f"Standard output could not take the table ({error.strerror or error})."
                " It is incomplete there. Run again with --out FILE."
            ) from error
        return
    # Somebody may have written there in the meantime.
    if options.file.exists() and not options.force:
        kept = _keep(results, classifier, options.file)
        raise OutputError(
            f"{options.file} came into being during the run and was left as it is. {kept}"
            " Choose another name, or add --force."
        )
    try:
        csv_export.write(options.file, lines, replace=options.force)
    except OutputError as error:
        raise OutputError(f"{error} {_keep(results, classifier, options.file)}") from error


def _keep(results: Sequence[ImageResult], classifier: Classifier, out: Path) -> str:
    """Save what was done beside the output, and say where, or that it could not be saved."""
    part = out.with_name(out.name + ".part.jsonl")
    try:
        csv_export.write(part, _lines(results, classifier, Format.JSONL, bom=False))
    except OutputError as error:
        return f"The {len(results):,} results could not be saved either: {error}"
    return f"The {len(results):,} results so far are in {part}."


def _stopped(
    results: Sequence[ImageResult],
    total: int,
    classifier: Classifier | None,
    options: Options,
    terminal: Terminal,
) -> int:
    if not results or classifier is None:
        kept = "Nothing was classified."
    elif options.file is None:
        kept = "Nothing was kept, since no --out FILE was given."
    else:
        kept = f"{_keep(results, classifier, options.file)} {options.file} was not written."
    terminal.error(f"Stopped after {len(results):,} of {total:,} images. {kept} Run again for all.")
    return STOPPED


def _show(results: Sequence[ImageResult], classifier: Classifier) -> None:
    """The most important columns on the terminal."""
    names = {c.id: c.name for c in classifier.contract.classes}
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("image", "suggestion", "confidence", "remark"):
        shown.add_column(heading, justify="right" if heading == "confidence" else "left")
    for result in results[:_TABLE_LINES]:
        said = result.suggestion
        if said is None:
            cells = ("", "", result.error)
        else:
            remark = "unfamiliar" if said.unfamiliar else "review" if said.needs_review else ""
            cells = (names[said.class_id], two_digits(said.confidence), remark)
        shown.add_row(*(Text(printable(cell)) for cell in (result.image.name, *cells)))
    console = Console(highlight=False)
    # rich turns a reader that went away (`| head`) into an exit; the code still tells how it went.
    with contextlib.suppress(BrokenPipeError, SystemExit):
        console.print(shown)
        if len(results) > _TABLE_LINES:
            more = len(results) - _TABLE_LINES
            console.print(f"... and {more:,} more. --out FILE writes all of them.", markup=False)


def _summary(
    results: Sequence[ImageResult],
    classifier: Classifier,
    options: Options,
    seconds: float,
    terminal: Terminal,
) -> None:
    names = {c.id: both_names(c.name, c.id) for c in classifier.contract.classes}
    counts = Counter(one.suggestion.class_id for one in results if one.suggestion)
    said = ", ".join(f"{names[c]} {counts[c]:,}" for c in names)
    review = sum(1 for one in results if one.suggestion and one.suggestion.needs_review)
    failed = [one for one in results if one.error]
    needs = "needs" if review == 1 else "need"
    terminal.say(f"Suggested: {said}. {review:,} {needs} review.")
    terminal.say(f"{len(results):,} images in {seconds:.1f} s.")
    for one in failed[:5]:
        terminal.say(f"{one.image.name}: {one.error}")
    if failed:
        terminal.say(
            f"{len(failed):,} of {len(results):,} images could not be read; the column `error` says"
            " why."
        )
    if options.file is not None:
        terminal.say(f"The table is in {options.file}.")
    terminal.say("Research use only. Not for diagnosis.")
