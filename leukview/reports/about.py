"""What an export says of itself: whose suggestions, which decisions, and where their log ends."""

from __future__ import annotations

from dataclasses import dataclass

NOTICE = "Research use only. Not for diagnosis."
DEIDENTIFIED = (
    "De-identified: names are pseudonyms, comments and reasons are left out. What is written into"
    " the pixels of an image is still there."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What stands beside a table of one session.

    Attributes:
        title: what was exported, in words.
        model: id of the model whose suggestions it holds, or "".
        model_sha256: of that model's file, or "".
        app_version: of LeukView.
        exported_at: UTC, `2026-11-22T18:05:09Z`.
        images: how many rows there are.
        decided: how many of them a person has decided.
        log_events: length of the session's event log.
        log_head: hash of its last event.
        deidentified: whether names are pseudonyms.
    """

    title: str
    model: str
    model_sha256: str
    app_version: str
    exported_at: str
    images: int
    decided: int
    log_events: int
    log_head: str
    deidentified: bool = False

    def lines(self) -> list[tuple[str, str | int]]:
        """Names and values, for people."""
        return [
            ("Export", self.title),
            ("Images", self.images),
            ("Decided", self.decided),
            ("Model", self.model),
            ("SHA-256 of the model", self.model_sha256),
            ("Events in the log", self.log_events),
            ("Head of the log", self.log_head),
            ("Exported at", self.exported_at),
            ("LeukView", self.app_version),
            ("Names", DEIDENTIFIED if self.deidentified else "As they are on the disk."),
            ("Notice", NOTICE),
        ]
