"""What is kept of a view, read back."""

from __future__ import annotations

import msgspec

from leukview.ui.models.kept_filter import Kept
from leukview.ui.models.queue import Order, Tab
from leukview.ui.resuming import View


def test_a_view_is_read_back_as_it_was_kept():
    view = View(
        tab=Tab.CLASS,
        order=Order.MOST_SURE,
        filter=Kept(classes=("hem", "all"), low=0.25, high=0.75, undecided=True),
        cell=("hem", "all", True),
        scanned="all",
        page=3,
    )
    assert msgspec.json.decode(msgspec.json.encode(view), type=View) == view
    assert msgspec.json.decode("{}", type=View) == View()
