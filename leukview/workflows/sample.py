"""What a reader said of each image of an audit sample before its suggestion was shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from leukview.domain.records import Decision, DecisionState
from leukview.workflows.codebook import Codebook, Codes

_NO_ANSWER = frozenset({DecisionState.UNDECIDED, DecisionState.UNSURE})


class Sample:
    """One reading's sample while events are replayed: what an image was called first stays.

    As soon as an image is decided its suggestion is shown, so what is said afterwards may follow
    it. "Unsure" decides nothing, and a decision that an import has brought and that was made with
    a suggestion in view is none that was made without: the suggestion stays hidden.

    Attributes:
        unread: SHA-256 of the images whose suggestions have stayed hidden since the draw.
    """

    def __init__(self, images: Iterable[str], codebook: Codebook) -> None:
        self.unread = set(images)
        self._codebook = codebook
        self._first: dict[str, int] = {}
        self._shown_elsewhere: set[Decision] = set()

    def imported(self, codes: Codes) -> None:
        """Codes of images whose decisions an import has brought."""
        for code in set(codes.tolist()):
            decision = self._codebook.standings[code].decision
            if decision is not None and decision.suggestion_seen:
                self._shown_elsewhere.add(decision)

    def show(self, images: tuple[str, ...] | None, stands: Callable[[str], int]) -> None:
        """Keep what stands for the unread ones of these images (None: of all).

        Args:
            images: about which something was said.
            stands: the code that stands for an image.
        """
        few = images is not None and len(images) < len(self.unread)
        for sha256 in list(images if images is not None and few else self.unread):
            code = self._counting(stands(sha256)) if sha256 in self.unread else 0
            if code:
                self._first[sha256] = code
                self.unread.discard(sha256)

    def first(self, sha256: str, stands: Callable[[str], int]) -> int:
        """Code of what was said before the suggestion was shown, or 0.

        While it is still hidden, because the reading is blind, that is what stands now.
        """
        return self._first.get(sha256) or self._counting(stands(sha256))

    def _counting(self, code: int) -> int:
        """The code where it is of a decision that counts, else 0."""
        if self._codebook.state(code) in _NO_ANSWER:
            return 0
        # By the decision: a flag or a comment makes another code of the same one.
        return 0 if self._codebook.standings[code].decision in self._shown_elsewhere else code
