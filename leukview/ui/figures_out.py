"""Figures of the overview to files, its tables to the clipboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.widgets.plot import Plot

_KINDS = "PNG image (*.png);;SVG drawing (*.svg)"


def save_figure(plot: Plot, name: str, parent: QWidget) -> Path | None:
    """Ask where, and write the figure as PNG or SVG; None when it was cancelled or refused."""
    chosen, kind = QFileDialog.getSaveFileName(parent, f"Save {name}", f"{name}.png", _KINDS)
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lower() not in (".png", ".svg"):
        path = path.with_name(path.name + (".svg" if "svg" in kind else ".png"))
    try:
        plot.save(path)
    except OSError as error:
        refused(f"{path.name} cannot be written: {error.strerror or error}", parent)
        return None
    return path


def refused(words: str, parent: QWidget) -> None:
    """Say that a figure could not be written."""
    sentence = f"{words}. The figure was not saved. Choose another folder, or free some space."
    dialog = ActDialog("The figure was not saved", sentence, "", parent, safe="Close")
    dialog.exec()
    dialog.deleteLater()


def copy_table(rows: Sequence[Sequence[object]]) -> str:
    """Put rows on the clipboard, with tabs between cells, as spreadsheets take them."""
    text = tsv(rows)
    QGuiApplication.clipboard().setText(text)
    return text


def tsv(rows: Sequence[Sequence[object]]) -> str:
    """Rows with tabs between cells; a class's name may hold no tab or end of line."""
    return "\n".join("\t".join(" ".join(str(cell).split()) for cell in row) for row in rows) + "\n"
