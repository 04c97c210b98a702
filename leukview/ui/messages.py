"""Words and numbers of the window in one place: counts, rates, times, ranges."""

from __future__ import annotations

from datetime import datetime

from leukview.domain.errors import LeukViewError
from leukview.measures.agreement import Switches

NOTICE = "Research use only. Not for diagnosis."
EMPTY_TITLE = "Drop a folder of cell images here"
EMPTY_LINE = "or press Ctrl+O. Nothing leaves this computer."
NO_BLASTS = "This model has no blast class: a blast will be called something else."
NOT_FOUND = "Not found: moved, renamed or on a drive that is not connected"
BLIND = "Blind first. Nothing here depends on the model: no suggestion, order, count or name."
COVERED = (
    "It is shown blind, as you wish for new slides; nothing of that is recorded."
    " To see suggestions here, end that wish in the Slide menu, then open the folder again."
)
STOPPING = "Stopping…"
SLOW = (
    "This takes long: the drive is slow, or it does not answer. Stop gives up; nothing is changed."
)
_THIN = "\N{THIN SPACE}"
_HOUR, _MINUTE = 3600, 60


def count(number: int) -> str:
    """1,204."""
    return f"{number:,}"


def images(number: int) -> str:
    """1,204 images."""
    return f"{number:,} image" if number == 1 else f"{number:,} images"


def percent(share: float) -> str:
    """One decimal and a thin space."""
    return f"{100 * share:.1f}{_THIN}%"


def interval(low: float, high: float) -> str:
    """Two shares as per cents with an en dash, the sign left to the header."""
    return f"{100 * low:.1f}–{100 * high:.1f}"


def rate(per_second: float) -> str:
    """310 images/s."""
    return f"{per_second:,.0f} images/s" if per_second >= 9.5 else f"{per_second:.1f} images/s"


def left(seconds: float) -> str:
    """Time left, in steps that do not flicker."""
    if seconds >= _HOUR:
        return f"{seconds / _HOUR:.1f} h left"
    if seconds >= 2 * _MINUTE:
        return f"{round(seconds / _MINUTE)} min left"
    if seconds >= 10:
        return f"{5 * round(seconds / 5)} s left"
    return f"{max(1, round(seconds))} s left"


def blind(number: int) -> str:
    """In the status line, while nothing is to be known of the model."""
    return f"{images(number)} ready"


def switched(found: Switches) -> str:
    """How the reader's own decisions moved after the blind reading."""
    other, away = found.to_suggestion, found.away
    share = f" ({percent(other.share)}, 95 % CI {interval(other.low, other.high)})"
    return (
        f"Since the blind reading ended: {count(other.count)} of {count(other.n)} decisions that"
        f" differed from the suggestion were changed to it{share if other.n else ''},"
        f" {count(away.count)} of {count(away.n)} that agreed with it were changed to another."
    )


def clock(utc: str) -> str:
    """The local time of `2026-11-22T18:05:09Z`."""
    try:
        moment = datetime.fromisoformat(utc)
    except ValueError:
        return utc
    return moment.astimezone().strftime("%H:%M:%S")


def opening_model(count: int, choosing: bool) -> str:
    """While a model is opened, or the most familiar one is looked for."""
    if choosing:
        return f"{images(count)} found. Choosing the model that knows such images best…"
    return "Opening the model…"


def still_in_use(title: str) -> str:
    """The choice of another model was stopped."""
    return f"Stopped. {title} is still in use."


def not_chosen(count: int) -> str:
    """The choice of the first model was stopped."""
    return f"{images(count)} ready. No model is chosen yet: press Run, or choose one."


def progress(done: int, total: int, per_second: float) -> str:
    """31 images/s · 8 s left · you can start to review."""
    if per_second <= 0 or done >= total:
        return "you can start to review"
    remaining = left((total - done) / per_second)
    return f"{rate(per_second)} · {remaining} · you can start to review"


def finished(done: int, review: int, unread: int) -> str:
    """What a complete run has given."""
    need = "needs" if review == 1 else "need"
    said = f"Done: {count(done)} classified, {count(review)} {need} review"
    return said + (f", {count(unread)} could not be read." if unread else ".")


def stopped(done: int) -> str:
    """What became of a run that was stopped."""
    if not done:
        return "Stopped. Nothing is classified yet; Run begins again."
    return f"Stopped at {count(done)}. Results so far are kept; Run goes on with the rest."


def on_cpu(reason: str) -> str:
    """Why the CPU is used, and what that means."""
    said = reason.rstrip(".") or "no usable GPU was found"
    said = said[0].lower() + said[1:] if said[1:2].islower() else said
    return f"Running on the CPU: {said}. Suggestions are the same, only slower."


def unfamiliar(share: float) -> str:
    """That many images are unlike the training images, and what their confidence is worth."""
    return (
        f"{percent(share)} of the images are unlike the training images: confidence is not reliable"
        " here."
    )


def failure(error: Exception) -> str:
    """The sentence of an error of ours, or what became of the data in any other."""
    if isinstance(error, LeukViewError):
        return str(error)
    return (
        f"Something went wrong in LeukView ({type(error).__name__}: {error})."
        " The bottom line of the window says whether your decisions are saved."
        " Open the folder again; if it happens again, report it."
    )


def reading(done: int, total: int) -> str:
    """While files are read for what the session knows of them."""
    return f"Reading the files: {count(done)} of {count(total)}"


def not_done(count_: int) -> str:
    """What was asked for and waited for files that did not come."""
    return f"What you asked for last was not done: {images(count_)} stayed as they were."


def still_waiting(count_: int) -> str:
    """What would be lost of an action whose files are being looked at."""
    return f"The files of your last action ({images(count_)}) are still being looked at."


def still_written(name: str) -> str:
    """What would be lost of a table."""
    return f"{name} is not complete yet and would not be written."


def compared(replaced: int, failed: int) -> str:
    """What reading the files again has shown."""
    said: list[str] = []
    if replaced:
        which = "1 image is" if replaced == 1 else f"{count(replaced)} images are"
        said.append(
            f"{which} not what was there before under that name: earlier suggestions and decisions"
            " are not shown for them. The session keeps both; the images are classified anew."
        )
    if failed:
        which = "1 file" if failed == 1 else f"{count(failed)} files"
        said.append(
            f"{which} could not be read again: what is shown for them is what was known earlier."
            " Check the drive, then open the folder again."
        )
    return " ".join(said)
