"""What a model is asked to do, and how that is said."""

import pytest

from core.lm.work import READ, TRAINED, WRITTEN, Work


def test_work_adds_up():
    found = Work(1, 2, 3) + Work(read=10) * 2
    assert found == Work(21, 2, 3)
    assert found.seconds(10) == pytest.approx((21 * READ + 2 * TRAINED + 3 * WRITTEN) / 10)


def test_work_is_told_with_a_time_where_a_speed_is_known():
    assert Work(1000, 0, 20).told(0) == "About 1,000 tokens read, 20 tokens written at most."
    assert Work(read=120_000).told(1000) == (
        "About 120,000 tokens read. That takes about 4 min at the speed of this store's extraction, 1,000 tokens/s."
    )
