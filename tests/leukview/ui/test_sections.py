from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leukview.ui.widgets.sections import Layout

layouts = st.builds(
    Layout,
    counts=st.lists(st.integers(0, 9), min_size=1, max_size=5),
    columns=st.integers(1, 4),
    line=st.integers(3, 8),
    header=st.sampled_from([0, 2, 5]),
    edge=st.sampled_from([0, 3]),
)


def drawn(layout: Layout) -> list[tuple[int, int, int]]:
    """Every tile as (place, column, top), put down one after the other."""
    out: list[tuple[int, int, int]] = []
    y = layout.edge
    for count in layout.counts:
        y += layout.header
        for number in range(count):
            line, column = divmod(number, layout.columns)
            out.append((len(out), column, y + line * layout.line))
        y += -(-count // layout.columns) * layout.line
    return out


@given(layouts)
def test_every_tile_stands_where_laying_them_one_by_one_puts_it(layout: Layout) -> None:
    tiles = drawn(layout)
    assert layout.count == len(tiles)
    for place, column, top in tiles:
        assert layout.position(place) == (column, top)
        assert place in layout.places_of(layout.group_of(place))
    lowest = max((top + layout.line for _, _, top in tiles), default=0)
    assert layout.height >= lowest + layout.edge


@given(layouts, st.integers(-5, 60), st.integers(0, 40))
def test_a_stretch_of_the_view_has_the_tiles_and_groups_that_touch_it(
    layout: Layout, top: int, tall: int
) -> None:
    bottom = top + tall
    touched = [p for p, _, y in drawn(layout) if y < bottom and y + layout.line > top]
    assert list(layout.places_between(top, bottom)) == touched
    groups = set(layout.groups_between(top, bottom))
    assert {layout.group_of(place) for place in touched} <= groups


@given(layouts, st.integers(-5, 80), st.integers(-1, 5))
def test_a_point_has_the_tile_that_is_drawn_there(layout: Layout, y: int, column: int) -> None:
    there = [p for p, c, top in drawn(layout) if c == column and top <= y < top + layout.line]
    assert layout.place_at(column, y) == (there[0] if there else -1)
    if there:
        assert not layout.is_header(y)
        assert layout.group_at(y) == layout.group_of(there[0])


@given(layouts, st.integers(-5, 60), st.integers(1, 40), st.integers(0, 3), st.integers(0, 3))
def test_a_rubber_band_takes_the_tiles_of_its_columns(
    layout: Layout, top: int, tall: int, left: int, right: int
) -> None:
    right = min(right, layout.columns - 1)
    bottom = top + tall
    expected = [
        place
        for place, column, y in drawn(layout)
        if left <= column <= right and y < bottom and y + layout.line > top
    ]
    found = [place for run in layout.runs(top, bottom, left, right) for place in run]
    assert found == expected


@given(layouts, st.integers(0, 44), st.integers(-3, 3))
def test_lines_are_walked_through_the_groups(layout: Layout, place: int, lines: int) -> None:
    tiles = drawn(layout)
    if place >= len(tiles):
        return
    tops = sorted({top for _, _, top in tiles})
    _, column, top = tiles[place]
    to = tops.index(top) + lines
    if not 0 <= to < len(tops):
        assert layout.beside(place, lines) == place
        return
    there = [p for p, c, y in tiles if y == tops[to] and c <= column]
    assert layout.beside(place, lines) == there[-1]


def test_headers_stand_above_their_groups_and_empty_groups_have_one() -> None:
    layout = Layout(counts=[3, 0, 1], columns=2, line=10, header=4, edge=1)
    assert [layout.header_top(group) for group in range(3)] == [1, 25, 29]
    found = [y for y in range(layout.height) if layout.is_header(y)]
    assert found == [1, 2, 3, 4, 25, 26, 27, 28, 29, 30, 31, 32]
    assert layout.height == 44
    assert layout.groups == 3
