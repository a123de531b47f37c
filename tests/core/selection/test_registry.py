"""What the registry says of the methods and their options, held against what they do."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import SelectionError
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.checks import completed
from core.selection.method import GROUPS, KINDS, NEEDS, Option
from core.selection.registry import METHODS
from core.selection.run import select
from tests.strategies import OPTIONS, F, rich_info

SOURCES = {"score": "scores", "vectors": "vectors", "run": "refined", "reference": "reference"}


def task(method, n=8):
    rng = np.random.default_rng(1)
    sets = [set(np.flatnonzero(rng.random(F) < 0.4).tolist()) for _ in range(n)]
    return (
        FeatureMatrix.from_sets(sets, F),
        SelectionSpec(method, n, options=OPTIONS.get(method, {})),
        rich_info(rng, n),
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_method_needs_what_it_says_and_no_more(method):
    matrix, spec, info = task(method)
    needs = METHODS[method].needs
    for source, name in SOURCES.items():
        lacking = replace(info, **{name: {} if source == "score" else None})
        if source in needs:
            with pytest.raises(SelectionError):
                select(matrix, spec, lacking)
        else:
            assert len(select(matrix, spec, lacking).rows) == 8
    if "tokens" in needs:
        with pytest.raises(SelectionError, match="token counts"):
            select(matrix, spec)
    turned = FeatureMatrix.from_sets([matrix.row(i).tolist() for i in reversed(range(8))], F)
    options = {} if method == "instag" else spec.options  # with tags it looks at those alone
    orders = [select(m, replace(spec, options=options), info).rows.tolist() for m in (matrix, turned)]
    assert (orders[0] != orders[1]) == ("features" in needs)


def test_every_option_has_a_kind_that_says_what_it_holds():
    for name, method in METHODS.items():
        for option in method.options:
            assert option.kind in KINDS
            if option.kind == "choice":
                assert option.default in option.choices
            if option.default is not None:
                assert option.checked(name, option.default) == option.default


def test_fault_25_a_number_with_one_end_or_none_is_usable():
    assert Option("x", "", "number", low=0).checked("m", "1e9") == 1e9
    assert Option("x", "", "number", high=3).checked("m", -7) == -7
    assert Option("x", "", "number").checked("m", "2.5") == 2.5
    for option, sentence in (
        (Option("x", "", "number", low=0), "a number ≥ 0"),
        (Option("x", "", "number", high=3), "a number ≤ 3"),
        (Option("x", "", "number"), "a number"),
        (Option("x", "", "number", low=0, high=3, whole=True), "a whole number from 0 to 3"),
    ):
        for wrong in ("many", "nan", float("inf") if option.whole else "nan"):
            with pytest.raises(SelectionError, match=f"must be {sentence}, got"):
                option.checked("m", wrong)


def test_fault_25_columns_are_filled_in_by_the_kind_of_an_option_not_by_its_name():
    def filled(method, **options):
        return dict(completed(SelectionSpec(method, options=options), "grade", "other").options)

    assert filled("quality") == filled("kmq") == filled("qdit") == filled("repr-filter") == {"score": "grade"}
    assert filled("deita") == {"complexity": "grade", "quality": "grade"}
    assert filled("sae-greedy") == filled("hybrid") == filled("random") == {}
    assert filled("reference-guided") == {"reference": "other"}
    assert filled("quality", score="mine") == {"score": "mine"}


def test_every_method_says_in_one_sentence_what_it_does_and_belongs_to_a_group():
    assert {method.group for method in METHODS.values()} == set(GROUPS)
    sentences = [method.sentence for method in METHODS.values()]
    assert len(set(sentences)) == len(METHODS)
    assert all(text.endswith(".") and text.count(".") == 1 and len(text) < 110 for text in sentences)
    stand = [GROUPS.index(method.group) for method in METHODS.values()]
    assert stand == sorted(stand), "methods of a group stand together"


def test_what_a_method_wants_is_what_a_store_may_lack():
    assert METHODS["sae-greedy"].wants == METHODS["longest-prompt"].wants == ""
    assert METHODS["kmq"].wants == "a score column and the samples' vectors"
    assert set(SOURCES) == set(NEEDS)
