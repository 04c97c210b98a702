"""The command line: which command runs, and which exit code an error becomes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from leukview import __version__
from leukview.cli import classify as classify_command
from leukview.cli import doctor as doctor_command
from leukview.cli import export as export_command
from leukview.cli import import_ as import_command
from leukview.cli import models as models_command
from leukview.cli import report as report_command
from leukview.cli import verify as verify_command
from leukview.cli import window as window_command
from leukview.cli.log import start_log
from leukview.cli.reviewed import Wanted
from leukview.cli.terminal import Terminal
from leukview.domain.errors import (
    DeviceError,
    FinalError,
    LeukViewError,
    ModelFileError,
    OutputError,
    SessionError,
    UsageError,
)

USAGE, NO_GPU, MODEL_REFUSED, NOT_WRITABLE, INTERNAL, STOPPED = 2, 3, 4, 5, 70, 130
_CODES: tuple[tuple[type[LeukViewError], int], ...] = (
    (UsageError, USAGE),
    (DeviceError, NO_GPU),
    (ModelFileError, MODEL_REFUSED),
    (OutputError, NOT_WRITABLE),
    (SessionError, NOT_WRITABLE),
    (FinalError, NOT_WRITABLE),
)
WINDOW = "open"
_LOUD = ("-v", "-vv", "--verbose", "-q", "--quiet")
log = logging.getLogger("leukview")


class _Commands(TyperGroup):
    """A first word that is no command is a path for the window: `leukview slides/`."""

    def resolve_command(
        self,
        ctx: Any,  # noqa: ANN401  # typer keeps the class of its contexts to itself
        args: list[str],
    ) -> tuple[str | None, Any, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            return WINDOW, self.get_command(ctx, WINDOW), args
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    # Options before the first path ("--model cnmc slides/") belong to the window.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]},
)

Model = Annotated[str, typer.Option(help="auto, all4, cnmc, pbc8, or a model file.")]
DeviceName = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit code: 0 all read; 1 images failed; 2 usage; 3 GPU demanded but not usable; 4 model
        refused; 5 output not writable; 70 internal error; 130 stopped.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the locale cannot show is no reason to die
            stream.reconfigure(errors="backslashreplace")
    terminal = Terminal()
    root = logging.getLogger()
    before = list(root.handlers)
    command = typer.main.get_command(app)
    try:
        code = command.main(
            args=_loudness_first(sys.argv[1:] if arguments is None else arguments),
            prog_name="leukview",
            standalone_mode=False,
        )
        return code if isinstance(code, int) else 0
    except TyperException as error:
        said, about = error.format_message().rstrip("."), getattr(error, "ctx", None)
        asked = about.command_path if about else "leukview"
        terminal.error(f"{said}. `{asked} --help` lists the options.")
        return USAGE
    except LeukViewError as error:
        terminal.error(str(error))
        return next((code for kind, code in _CODES if isinstance(error, kind)), INTERNAL)
    except (typer.Abort, KeyboardInterrupt):
        terminal.error("Stopped. Nothing was written.")
        return STOPPED
    except Exception as error:
        log.exception("internal error")
        terminal.error(
            f"LeukView failed through a fault of its own ({type(error).__name__}: {error})."
            " No image was changed, and no table was written."
            " Run again with -v --log-file FILE and report it with that file."
        )
        return INTERNAL
    finally:
        for handler in [h for h in root.handlers if h not in before]:
            root.removeHandler(handler)
            handler.close()


def _loudness_first(arguments: Sequence[str]) -> list[str]:
    """`leukview classify DIR -q` means the same as `leukview -q classify DIR`."""
    first: list[str] = []
    rest: list[str] = []
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word == "--":
            return [*first, *rest, word, *left]
        if word in _LOUD or word.startswith("--log-file="):
            first.append(word)
        elif word == "--log-file" and left:
            first += [word, left.pop(0)]
        else:
            rest.append(word)
    return first + rest


def _version(wanted: bool) -> None:
    if wanted:
        print(f"leukview {__version__}")
        raise typer.Exit


@app.callback()
def everything(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="Say more; twice: everything.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say errors only.")] = False,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", help="Write the log there as well.")
    ] = None,
) -> None:
    """LeukView: review of white-blood-cell images. Research use only. Not for diagnosis.

    `leukview [PATH...]` opens the window on folders and images.
    """
    del version  # its callback has answered
    start_log(verbose, quiet, log_file)
    context.obj = Terminal(-1 if quiet else verbose)
    if context.invoked_subcommand is None:
        context.exit(window_command.open_window([], "auto", "auto"))


@app.command(WINDOW)
def open_window(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH...]", readable=False)] = None,
    model: Model = "auto",
    device: DeviceName = "auto",
) -> int:
    """Open the window (also without the word `open`)."""
    return window_command.open_window(paths or [], model, device)


@app.command()
def classify(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Folders and images.", readable=False)
    ],
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the table there; - is stdout.")
    ] = None,
    model: Model = "auto",
    device: DeviceName = "auto",
    require_gpu: Annotated[
        bool, typer.Option("--require-gpu", help="Fail with 3 rather than use the CPU.")
    ] = False,
    batch_size: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Images per run of the model.")
    ] = None,
    no_recursive: Annotated[
        bool, typer.Option("--no-recursive", help="Do not look into folders inside.")
    ] = False,
    format_: Annotated[
        classify_command.Format | None,
        typer.Option("--format", help="csv or jsonl; else by the ending of --out."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    excel: Annotated[
        bool, typer.Option("--excel", help="Begin the CSV with a mark that Excel needs.")
    ] = False,
) -> int:
    """Classify images and write a table. Nothing else is kept.

    Exit codes: 0 all read; 1 some images failed, the table is complete; 2 usage or no images; 3 GPU
    demanded but not usable; 4 model refused; 5 output not writable; 130 stopped.
    """
    options = classify_command.Options(
        paths=paths,
        out=out,
        model=model,
        device=device,
        require_gpu=require_gpu,
        batch_size=batch_size,
        recursive=not no_recursive,
        format=format_,
        force=force,
        excel=excel,
    )
    return classify_command.run(options, context.obj)


@app.command()
def verify(
    context: typer.Context,
    session: Annotated[
        Path,
        typer.Argument(
            metavar="SESSION",
            help="A folder of images, a .leukview or a .lkv file.",
            readable=False,
        ),
    ],
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="EXPORT",
            help="A table, report, folder of images or .leukview file exported from it earlier.",
        ),
    ] = None,
) -> int:
    """Check that no event of a session was changed, removed or reordered.

    Each event carries a hash of itself and of the one before. The first that does not fit is named.
    With --against, events cut off at the end and a log written anew are found as well; of a folder
    of images each file is compared with its table. The log holds what people did; what models said
    stands beside it and is not checked.

    Whoever can rewrite all files, the session and every export of it, is not caught: keep an
    export, or the head that is printed, where they cannot write. Names of reviewers are asserted,
    not authenticated.

    Exit codes: 0 it holds; 1 it does not, or images of the exported folder are missing or changed;
    2 usage, nothing is recorded of this folder, or the export names no log; 5 the session cannot be
    read; 130 stopped.
    """
    return verify_command.run(session, against, context.obj)


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE | FOLDER TABLE",
            help="A .leukview file; or a folder of images and a table about them.",
            readable=False,
        ),
    ],
    apply: Annotated[bool, typer.Option("--apply", help="Take it in; else only say what.")] = False,
    theirs: Annotated[
        bool, typer.Option("--theirs", help="In conflicts the table is right, not what stands.")
    ] = False,
    reviewer: Annotated[str, typer.Option(help="Who takes it in.")] = "import",
) -> int:
    """Take a session that was exported elsewhere, or decisions from a table.

    A session: where these images have one here, the one has to be the beginning of the other.

    A table: its lines are matched to images by the hash of their bytes. Without --apply it only
    says what is new or in conflict. One undo in the window takes it back.

    Exit codes: 0 done; 1 some lines were refused, the rest is taken; 2 usage; 5 the session cannot
    be read or written, or the slide is final; 130 stopped.
    """
    options = import_command.Options(paths=paths, apply=apply, theirs=theirs, reviewer=reviewer)
    return import_command.run(options, context.obj)


@app.command()
def delete(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A folder of images.", readable=False)
    ],
    yes: Annotated[bool, typer.Option("--yes", help="It is meant; nothing is asked.")] = False,
) -> int:
    """Delete what is recorded of a folder for good: decisions, log, suggestions. Images stay.

    Exit codes: 0 deleted; 2 usage, nothing is recorded, or --yes was not said; 5 the session cannot
    be deleted, as while a window has it open; 130 stopped.
    """
    return import_command.delete(folder, sure=yes, terminal=context.obj)


@app.command()
def export(
    context: typer.Context,
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="As opened in the window.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Write it there.")],
    format_: Annotated[
        export_command.Format | None,
        typer.Option("--format", help="Else by the ending of --out; images makes a folder."),
    ] = None,
    deidentify: Annotated[
        bool, typer.Option("--deidentify", help="Pseudonyms for names, images without metadata.")
    ] = False,
    excel: Annotated[
        bool, typer.Option("--excel", help="Begin the CSV with a mark that Excel needs.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
) -> int:
    """Write what was reviewed in the window: table, or copy of the decided images.

    Exit codes: 0 all read; 1 some images could not be read, the export is complete; 2 usage or
    nothing recorded; 5 output not writable; 130 stopped.
    """
    options = export_command.Options(
        paths=folders, out=out, format=format_, deidentify=deidentify, excel=excel, force=force
    )
    return export_command.run(options, context.obj)


@app.command()
def report(
    context: typer.Context,
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="As opened in the window.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Write it there: .html or .pdf.")],
    deidentify: Annotated[
        bool, typer.Option("--deidentify", help="Leave out names and what people typed.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier report.")] = False,
) -> int:
    """Write a printable report of a reviewed folder: figures, intervals, model, log.

    Exit codes: 0 all read; 1 some images could not be read, the report is complete; 2 usage or
    nothing recorded; 5 output not writable; 130 stopped.
    """
    wanted = Wanted(paths=folders, out=out, deidentify=deidentify, force=force)
    return report_command.run(wanted, context.obj)


@app.command()
def models() -> int:
    """List the models that come with LeukView, with their figures.

    Exit codes: 0 all can be used; 4 one of them is refused.
    """
    return models_command.run()


@app.command()
def doctor() -> int:
    """Say what is installed, what a model really runs on, and why not on the GPU.

    Exit codes: 0 all well; 4 a model that comes with LeukView is refused; 70 no model runs.
    """
    return doctor_command.run()
