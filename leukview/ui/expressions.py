"""Regular expressions that end: of a pattern that takes too long, no window hangs.

Python's `re` goes on for years with `(a+)+$`, and no other thread runs meanwhile. Qt's engine is
PCRE2, whose search can be limited from within the pattern; of several limits there the lowest one
holds (https://www.pcre.org/current/doc/html/pcre2pattern.html#SEC3).
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRegularExpression

from leukview.domain.errors import UsageError
from leukview.workflows.slide_pattern import not_complete

# 0.4 ms at the most for the worst of 18 hostile expressions on 260 letters, where names as they
# are need some ten steps a letter; the heap is in KiB.
_LIMITS = "(*LIMIT_MATCH=20000)(*LIMIT_DEPTH=20000)(*LIMIT_HEAP=20000)"


class Bounded:
    """An engine for `workflows.slide_pattern.SlidePattern`."""

    def __init__(self, text: str, whole: bool) -> None:
        option = QRegularExpression.PatternOption
        options = option.UseUnicodePropertiesOption
        before = _LIMITS
        if whole:
            options |= option.CaseInsensitiveOption
            before += r"\A(?:"
        self._made = QRegularExpression(before + text + (r")\z" if whole else ""), options)
        if not self._made.isValid():
            at = self._made.patternErrorOffset() - len(before)
            raise UsageError(not_complete(self._made.errorString(), max(0, min(at, len(text) - 1))))

    @property
    def groups(self) -> frozenset[str]:
        return frozenset(filter(None, self._made.namedCaptureGroups()))

    def read(self, text: str) -> Mapping[str, str] | None:
        match = self._made.match(text)
        if not match.isValid():
            raise UsageError(
                "This pattern takes too long to read. Write it with fewer + and * beside or inside"
                " each other."
            )
        if not match.hasMatch():
            return None
        return {name: match.captured(name) for name in self.groups}
