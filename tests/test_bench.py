"""What the benchmark computes by itself."""

import random

import pytest

from tests.bench.timings import mann_whitney


def test_two_series_of_the_same_kind_are_not_told_apart():
    dice = random.Random(7)
    first, second = ([dice.gauss(10, 2) for _ in range(500)] for _ in range(2))
    assert mann_whitney(first, second) > 0.05


@pytest.mark.parametrize("later", [0.5, -0.5])
def test_a_small_difference_is_seen(later):
    dice = random.Random(7)
    first = [dice.gauss(10, 2) for _ in range(500)]
    assert mann_whitney(first, [dice.gauss(10 + later, 2) for _ in range(500)]) < 0.01


def test_known_values():
    """The example of the Wilcoxon rank-sum test in Hollander and Wolfe, in its normal approximation."""
    permeability = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    later = [1.15, 0.88, 0.90, 0.74, 1.21]
    assert mann_whitney(permeability, later) == pytest.approx(0.2207, abs=0.0005)
    assert mann_whitney([1.0, 1.0], [1.0, 1.0]) == 1.0
