"""Read patient and slide out of folder names, by a pattern that people can write."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

from leukview.domain.errors import UsageError

PLAIN = "{slide}"  # every folder by its own name, no patients
LONGEST = 200  # letters of a pattern
_PLACES = ("patient", "slide")
_TOKEN = re.compile(r"\{(?P<place>[^{}]*)\}|(?P<any>\*)|(?P<text>[^{}*]+)|(?P<brace>[{}])")
_SEPARATORS = ("_", "-", " ", ".")
_MOST_OFFERS = 5
_MOST = 0.6  # of the names; a few may be odd


class Expression(Protocol):
    """An expression with named groups, ready for use."""

    @property
    def groups(self) -> frozenset[str]:
        """Names of its groups."""

    def read(self, text: str) -> Mapping[str, str] | None:
        """What its groups find in a text, "" for nothing; None if it does not fit.

        Raises:
            UsageError: it would take too long.
        """


# Makes one of the text of a regular expression; the flag is for templates, which have to fit the
# whole text, whatever the case. Raises UsageError with what is wrong.
Engine = Callable[[str, bool], Expression]


class Unbounded:
    """By Python's `re`, which may take for ever: for patterns that nobody types (tests, scripts).

    The window has an engine with a limit, `ui.expressions`.
    """

    def __init__(self, text: str, whole: bool) -> None:
        try:
            self._made = re.compile(text, re.IGNORECASE if whole else 0)
        except re.error as error:
            raise UsageError(not_complete(error.msg, error.pos)) from error
        self._find = self._made.fullmatch if whole else self._made.search

    @property
    def groups(self) -> frozenset[str]:
        return frozenset(self._made.groupindex)

    def read(self, text: str) -> Mapping[str, str] | None:
        match = self._find(text)
        return {name: found or "" for name, found in match.groupdict().items()} if match else None


def not_complete(why: str, at: int | None) -> str:
    """The sentence for a regular expression that cannot be understood.

    Args:
        why: in words.
        at: index of the character, if that is known.
    """
    where = "" if at is None else f", at character {at + 1}"
    return f"This regular expression is not complete: {why}{where}."


@dataclass(frozen=True, slots=True)
class Named:
    """What a pattern reads out of one folder's path.

    Attributes:
        patient: or "".
        slide: never empty.
        fits: whether the pattern fits; if not, the slide is the folder's own name.
    """

    patient: str
    slide: str
    fits: bool


class SlidePattern:
    """A template such as `{patient}/{slide}`, or a regular expression with named groups.

    A template of n parts is read on the last n parts of the path, so `{patient}/{slide}` also reads
    a slide's folder that was added by itself. `*` stands for anything but a slash, and so do the
    places, as little as fits. A regular expression is searched in the path below the added folder.
    Case and the composition of accents do not matter to a template.

    Args:
        text: as typed.
        engine: what runs it.

    Raises:
        UsageError: it cannot be understood; the message says what is wrong.
    """

    def __init__(self, text: str, engine: Engine = Unbounded) -> None:
        self.text = text.strip() or PLAIN
        self._parts = 0  # of a regular expression
        if len(self.text) > LONGEST:
            raise UsageError(f"The pattern is longer than {LONGEST} letters.")
        if "(?P<" in self.text:
            self._found = _expression(self.text, engine)
        else:
            parts = self.text.replace("\\", "/").strip("/").split("/")
            self._parts = len(parts)
            self._found = engine(_template(parts), True)

    def read(self, relative: str, above: Sequence[str] = ()) -> Named:
        """Patient and slide of one folder.

        Args:
            relative: its path below the added folder with `/`, or its name if it was added itself.
            above: names of the folders above that, from the outermost inwards.

        Raises:
            UsageError: it would take too long.
        """
        parts = unicodedata.normalize("NFC", relative).split("/")
        text = "/".join(parts)
        if self._parts:
            whole = [*(unicodedata.normalize("NFC", name) for name in above), *parts]
            text = "/".join(whole[-self._parts :])
        found = self._found.read(text) or {}
        known = {name: value.strip() for name, value in found.items()}
        slide, patient = known.get("slide", parts[-1]), known.get("patient")
        if not known or not slide or patient == "":
            return Named("", parts[-1], False)
        return Named(patient or "", slide, True)


def _expression(text: str, engine: Engine) -> Expression:
    made = engine(text, False)
    if not set(_PLACES) & made.groups:
        raise UsageError(
            "This regular expression has no group (?P<slide>…) or (?P<patient>…) to read from."
        )
    return made


def _template(parts: Sequence[str]) -> str:
    made: list[str] = []
    seen: set[str] = set()
    for part in parts:
        if not part:
            raise UsageError("Between two slashes of the pattern there is nothing. Write * there.")
        made.append(_part(part, seen))
    if not seen:
        raise UsageError("The pattern has no {slide} or {patient}, so it reads nothing.")
    return "/".join(made)


def _part(part: str, seen: set[str]) -> str:
    tokens = list(_TOKEN.finditer(unicodedata.normalize("NFC", part)))
    for one, other in pairwise(tokens):
        if {one.lastgroup, other.lastgroup} <= {"place", "any"}:
            raise UsageError(
                f"Nothing stands between {one.group()} and {other.group()}, so it is not known"
                " where the one ends."
            )
    return "".join(_token(token, seen) for token in tokens)


def _token(token: re.Match[str], seen: set[str]) -> str:
    if token.lastgroup == "any":
        return "[^/]*?"
    if token.lastgroup == "text":
        return re.escape(token.group())
    if token.lastgroup == "brace":
        raise UsageError(f"A {token.group()} stands alone. Write {{patient}} or {{slide}}.")
    place = token.group("place").strip().casefold()
    if place not in _PLACES:
        raise UsageError(
            f"{token.group()} is not known. Write {{patient}} or {{slide}}, and * for anything."
        )
    if place in seen:
        return f"(?P={place})"
    seen.add(place)
    return f"(?P<{place}>[^/]+?)"


# Suggesting


def suggest(relatives: Sequence[str], engine: Engine = Unbounded) -> list[str]:
    """Patterns that fit these names, the best first; `{slide}` is always among them.

    One is good when it fits most names, tells as many slides apart as their own names do, and
    finds several patients of whom some have several slides, or whose names begin with other
    letters than those of the slides.
    """
    plain = _worth([SlidePattern(PLAIN).read(name) for name in relatives])
    ranked: list[tuple[_Score, str]] = []
    for one in _candidates(relatives):
        try:
            pattern = SlidePattern(one.text, engine)
            read = [pattern.read(name) for name in relatives]
        except UsageError:  # it is too long for a pattern, or takes too long
            continue
        ranked.append((_score(one, read, plain[1]), one.text))
    kept = [pair for pair in ranked if pair[0].good or pair[0].worth >= plain]
    kept.append((_Score(False, plain, (True, False), 0, 0), PLAIN))
    kept.sort(key=lambda pair: pair[0], reverse=True)
    return list(dict.fromkeys(text for _, text in kept))[:_MOST_OFFERS]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A template, and how far it is from the simplest (the lower, the better)."""

    text: str
    speaks: bool
    fields: int
    separator: int


class _Score(NamedTuple):
    """The higher, the better; compared from the first to the last."""

    good: bool
    worth: tuple[int, int]
    groups: tuple[bool, bool]  # some patients have several slides; there are several patients
    fields: int
    separator: int


def _worth(read: Sequence[Named]) -> tuple[int, int]:
    """How many names fit, and how many slides they tell apart."""
    return sum(one.fits for one in read), len({(one.patient, one.slide) for one in read})


def _score(one: _Candidate, read: Sequence[Named], apart: int) -> _Score:
    fitting = [found for found in read if found.fits]
    patients = len({found.patient for found in fitting})
    several = patients > 1  # one patient for all says nothing, and is worse than none
    groups = several and (patients < len(fitting) or one.speaks)
    worth = _worth(read)
    good = groups and worth[0] >= _MOST * len(read) and worth[1] >= apart
    return _Score(good, worth, (groups, several), -one.fields, -one.separator)


def _candidates(relatives: Sequence[str]) -> list[_Candidate]:
    split = [name.split("/") for name in relatives]
    depth = Counter(map(len, split)).most_common(1)[0][0] if split else 0
    columns = list(zip(*(parts for parts in split if len(parts) == depth), strict=True))
    varying = [at for at, values in enumerate(columns) if len(set(values)) > 1]
    made: list[_Candidate] = []
    if len(varying) > 1:
        first, last = varying[0], varying[-1]
        parts = ["*"] * (depth - first)
        parts[0], parts[last - first] = "{patient}", "{slide}"
        made.append(_Candidate("/".join(parts), True, 2, -1))
        for separator in _SEPARATORS:  # the patient's name stands again in the slide's
            pairs = zip(columns[first], columns[last], strict=True)
            if all(slide.startswith(patient + separator) for patient, slide in pairs):
                parts[last - first] = f"{{patient}}{separator}{{slide}}"
                made.append(_Candidate("/".join(parts), True, 1, -1))
    elif varying and depth > 1:  # of one patient, or each with a folder of one name inside
        inside = depth - 1 - varying[0]
        numbered = any(letter.isdigit() for letter in columns[-1][0])  # "S1", and not "images"
        if inside and not numbered:
            made.append(_Candidate("{slide}" + "/*" * inside, False, 1, -1))
        else:
            between = "/*" * (inside - 1)
            made.append(_Candidate(f"{{patient}}{between}/{{slide}}", inside > 0, 1, -1))
    for at in varying:
        rest = "".join("/*" for _ in range(depth - 1 - at))
        for number, separator in enumerate(_SEPARATORS):
            found = _fields(columns[at], separator)
            if found:
                made.append(_Candidate(found[0] + rest, found[1], found[2], number))
    return made


def _fields(values: Sequence[str], separator: str) -> tuple[str, bool, int] | None:
    """A template for names that are cut by a separator; fields equal in all names stand in it.

    Returns:
        The template, whether patient and slide begin with other letters, and the count of fields;
        None where the names have no two fields that differ.
    """
    split = [value.split(separator) for value in values]
    count = Counter(map(len, split)).most_common(1)[0][0]
    columns = list(zip(*(fields for fields in split if len(fields) == count), strict=True))
    varying = [at for at, column in enumerate(columns) if len(set(column)) > 1]
    if len(varying) < 2:
        return None
    first, second, last = varying[0], varying[1], varying[-1]
    fixed = [_literal(column[0]) for column in columns]
    words = [*fixed[:first], "{patient}", *fixed[first + 1 : second], "{slide}", *fixed[last + 1 :]]
    one = _letters(columns[first]) or fixed[max(0, first - 1)]
    other = _letters(columns[second]) or fixed[second - 1]
    return separator.join(words), bool(one and other and one != other), count


def _letters(values: Sequence[str]) -> str:
    """The letters with which all of these begin."""
    found = ""
    for letters in zip(*(value.casefold() for value in values), strict=False):
        if len(set(letters)) > 1 or not letters[0].isalpha():
            break
        found += letters[0]
    return found


def _literal(text: str) -> str:
    return "*" if set(text) & set("{}*\\") or not text else text
