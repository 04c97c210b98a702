"""`python -m training`: from images to models, their figures and what they look at."""

from __future__ import annotations

import logging
import os

import typer

from leukview.domain.errors import LeukViewError
from training.allocator import keep_memory
from training.commands.ablation import ablate
from training.commands.bar import say
from training.commands.fitting import bench_input, train, tune
from training.commands.preparing import features, prepare, weights
from training.commands.results import compare, evaluate, explain, external
from training.commands.shipping import export

# TensorFlow prints dozens of lines about oneDNN and missing GPUs, none of which a user can act on.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # nor about the retracing of small heads

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
for command in (
    prepare,
    features,
    train,
    bench_input,
    evaluate,
    external,
    compare,
    ablate,
    tune,
    explain,
    export,
    weights,
):
    app.command()(command)


def main() -> int:
    """Run a command; user errors become one sentence and exit code 2."""
    keep_memory()
    try:
        app(standalone_mode=False)
    except (LeukViewError, FileNotFoundError, ValueError) as error:
        return _refused(str(error))
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "leukview", "training"):
            raise
        return _refused(
            f"{missing} is not installed: training needs more than the application. Nothing was"
            " done. Run `python -m pip install -e '.[train]'` with the same Python, in the folder"
            " of pyproject.toml."
        )
    except typer.Abort:
        return 130
    return 0


def _refused(words: str) -> int:
    say.print(words, style="red", markup=False, highlight=False, soft_wrap=True)
    return 2
