"""In what images differ from known ones: size, black ground, colour, or nothing that is seen."""

import numpy as np
import pytest

from leukview.measures.appearance import (
    Appearance,
    Known,
    Reason,
    appearance,
    differences,
    odd_size,
)

PURPLE = (0.3, 0.6, 0.3)


def looks(
    count: int = 6, *, side: int = 300, cut: bool = False, density=PURPLE
) -> list[Appearance]:
    return [Appearance(side, side, cut, density) for _ in range(count)]


def known(images=None) -> Known:
    return Known(300, 320, tuple(looks() if images is None else images))


def test_a_cell_on_black_is_cut_out_and_its_ground_does_not_count_as_colour():
    pixels = np.zeros((60, 40, 3), np.uint8)
    pixels[20:40, 10:30] = (255, 24, 255)
    found = appearance(pixels)
    assert (found.height, found.width, found.cut) == (60, 40, True)
    assert found.density == pytest.approx((0.0, np.log10(256 / 25), 0.0))
    field = appearance(np.full((60, 40, 3), 255, np.uint8))
    assert not field.cut
    assert field.density == (0.0, 0.0, 0.0)


def test_an_image_that_is_black_everywhere_has_no_colour_and_no_stain_is_said_of_it():
    black = appearance(np.zeros((300, 300, 3), np.uint8))
    assert np.isnan(black.density).all()
    assert differences([black] * 5, known(looks(cut=True))).reasons == ()


def test_images_like_the_known_ones_have_no_reason():
    assert differences(looks(), known()).reasons == ()
    assert differences([], known()).reasons == ()


def test_size_is_a_reason_beyond_a_fifth_and_when_most_images_have_it():
    assert differences(looks(side=240), known()).reasons == (Reason.SIZE,)
    assert differences(looks(side=260), known()).reasons == ()
    assert differences(looks(3, side=240) + looks(3), known()).reasons == ()
    found = differences(looks(4, side=600) + looks(3), known())
    assert (found.reasons, found.height, found.width) == ((Reason.SIZE,), 600, 600)


def test_the_longer_and_the_shorter_side_are_both_asked():
    assert odd_size(300, 600, 300, 300)
    assert odd_size(100, 300, 300, 300)
    assert not odd_size(260, 350, 300, 300)


def test_ground_that_is_cut_away_or_not_is_a_reason_and_then_no_colour_is_compared():
    other = (0.05, 0.1, 0.05)
    assert differences(looks(cut=True, density=other), known()).reasons == (Reason.CROP,)
    on_black = known(looks(cut=True))
    assert differences(looks(density=other), on_black).reasons == (Reason.CROP,)
    assert differences(looks(cut=True), on_black).reasons == ()


@pytest.mark.parametrize("density", [(0.1, 0.6, 0.3), (0.3, 0.9, 0.3), (0.3, 0.6, 0.05)])
def test_a_colour_outside_the_known_range_is_a_stain(density):
    assert differences(looks(density=density), known()).reasons == (Reason.STAIN,)
    mixed = looks(3, density=density) + looks(4)
    assert differences(mixed, known()).reasons == ()


def test_a_colour_a_little_beyond_the_known_range_is_none():
    assert differences(looks(density=(0.33, 0.66, 0.27)), known()).reasons == ()


@pytest.mark.parametrize("count", [0, 3])
def test_where_too_few_images_are_known_only_the_size_can_be_said(count):
    strange = looks(side=100, cut=True, density=(2.0, 0.0, 0.0))
    assert differences(strange, known(looks(count))).reasons == (Reason.SIZE,)
