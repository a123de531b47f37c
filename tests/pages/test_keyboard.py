"""Keys that step through a list and decide on its samples: in their order, each on the sample it is for."""

from contextlib import suppress

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.keyboard import DECIDE, STEP, Hand, answer
from pages.parts.sample_list import Steps


class Log:
    """What was taken, in its order."""

    def __init__(self):
        self.taken = []

    def __getattr__(self, name):
        return lambda rows: self.taken.append((name, *rows))


def one_after_the_other(keys, rows, row, pins, bans):
    """What a person gets who waits after each key."""
    taken, pins, bans = [], set(pins), set(bans)
    for key in keys:
        if key in STEP:
            row = rows[max(0, min(len(rows) - 1, rows.index(row) + STEP[key]))] if row in rows else rows[0]
        elif row is not None:
            name, own, other = ("pin", pins, bans) if key == "p" else ("ban", bans, pins)
            taken.append((f"un{name}" if row in own else name, row))
            own ^= {row}
            other -= {row}
    return taken, row, pins, bans


class EndedError(Exception):
    """What Streamlit ends a callback with when another run is asked for."""


class Shaky(Steps):
    """Steps whose address cannot be told at some attempts."""

    def __init__(self, rows, breaks):
        super().__init__(np.array(rows))
        object.__setattr__(self, "breaks", list(breaks))
        object.__setattr__(self, "told", [])

    def show(self, row):
        if self.breaks and self.breaks.pop(0):
            raise EndedError
        self.told.append(row)


@given(
    st.text("jkpb", max_size=20),
    st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True),
    st.none() | st.integers(0, 9),
    st.dictionaries(st.integers(0, 9), st.booleans()),
    st.lists(st.integers(0, 20), max_size=6).map(sorted),
    st.lists(st.booleans(), max_size=6),
)
def test_keys_in_bursts_do_what_they_do_one_by_one(keys, rows, row, decided, cuts, breaks):
    """Also where the browser sends again what it has not heard of, and where an answer is ended at its last step."""
    pins, bans = ({of for of, pinned in decided.items() if pinned is kind} for kind in (True, False))
    hand, log, steps = Hand(row, set(pins), set(bans)), Log(), Shaky(rows, breaks)
    numbered = [(100 + at, key) for at, key in enumerate(keys)]
    for cut in (*cuts, *[len(keys)] * (len(breaks) + 1)):
        with suppress(EndedError):
            answer(hand, numbered[:cut], steps, log)
    assert (log.taken, hand.row, hand.pins, hand.bans) == one_after_the_other(keys, rows, row, pins, bans)
    assert not hand.away and steps.told[-1:] == ([hand.row] if keys and hand.row is not None else [])
    assert not answer(hand, numbered, steps, log)
    assert set(keys) <= {*STEP, *DECIDE}


def test_without_a_list_steps_lead_nowhere():
    hand, log = Hand(3), Log()
    assert answer(hand, list(enumerate("jkb", 1)), Steps(), log)
    assert (hand.row, log.taken) == (3, [("ban", 3)])
