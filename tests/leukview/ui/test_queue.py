from __future__ import annotations

import numpy as np

from leukview.domain.records import DecisionState
from leukview.ui.models import queue
from leukview.ui.models.queue import Cell, Filter, Order, Tab

NAN = float("nan")


def test_the_whole_folder_stands_in_file_order(columns):
    review = columns(suggested=[1, 0, -1])
    assert queue.build(review, Tab.ALL, Filter(), Order.FILE).tolist() == [0, 1, 2]


def test_least_sure_first_puts_images_without_suggestion_last(columns):
    review = columns(suggested=[0, -1, 1, 0], confidence=[0.9, NAN, 0.6, 0.6])
    rows = queue.build(review, Tab.ALL, Filter(), Order.LEAST_SURE)
    assert rows.tolist() == [2, 3, 0, 1]
    rows = queue.build(review, Tab.ALL, Filter(), Order.MOST_SURE)
    assert rows.tolist() == [0, 2, 3, 1]


def test_the_order_of_sureness_is_that_of_sorting_it(columns):
    values = np.random.default_rng(1).uniform(0.34, 1, 500).astype(np.float32)
    review = columns(suggested=[0] * 500, confidence=values.tolist())
    lead = queue.sureness(review)
    for order, sign in ((Order.LEAST_SURE, 1), (Order.MOST_SURE, -1)):
        rows = queue.build(review, Tab.ALL, Filter(), order)
        assert (np.diff(sign * lead[rows]) >= -2e-5).all()
        assert sorted(rows.tolist()) == list(range(500))


def test_needs_review_keeps_decided_images_until_it_is_left(columns):
    review = columns(
        suggested=[0, 1, 0],
        needs_review=[True, True, False],
        state=[DecisionState.AGREED, DecisionState.UNDECIDED, DecisionState.UNDECIDED],
        decided=[0, -1, -1],
    )
    assert queue.build(review, Tab.REVIEW, Filter(), Order.FILE).tolist() == [0, 1]
    only = Filter(undecided=True)
    assert queue.build(review, Tab.REVIEW, only, Order.FILE).tolist() == [1]
    assert queue.build(review, Tab.UNDECIDED, Filter(), Order.FILE).tolist() == [1, 2]


def test_a_class_is_that_of_the_decision_else_of_the_suggestion(columns):
    review = columns(suggested=[0, 0, 1], decided=[1, -1, -1])
    chosen = Filter(classes=frozenset({1}))
    assert queue.build(review, Tab.ALL, chosen, Order.FILE).tolist() == [0, 2]


def test_a_range_of_confidence_leaves_out_what_has_none(columns):
    review = columns(suggested=[0, 1, -1], confidence=[0.55, 0.95, NAN])
    chosen = Filter(low=0.5, high=0.9)
    assert queue.build(review, Tab.ALL, chosen, Order.FILE).tolist() == [0]


def test_a_cell_of_the_matrix_is_a_filter(columns):
    review = columns(suggested=[0, 0, 1], decided=[1, -1, 1], true_class=[0, 1, 1])
    decided = Filter(cell=Cell(suggested=0, other=1, truth=False))
    assert queue.build(review, Tab.ALL, decided, Order.FILE).tolist() == [0]
    truth = Filter(cell=Cell(suggested=0, other=1, truth=True))
    assert queue.build(review, Tab.ALL, truth, Order.FILE).tolist() == [1]
    assert not truth.active


def test_rows_are_numbers_that_index_arrays(columns):
    rows = queue.build(columns(suggested=[0]), Tab.ALL, Filter(), Order.FILE)
    assert rows.dtype == np.int64
