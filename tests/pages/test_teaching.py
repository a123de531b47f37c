"""What a selection would teach, on the page Proof."""

from core.system.files import cache_dir
from core.system.kept import write_json
from tests.factories import KEY

SHIFT = {"delta": [0.5, -0.25, 0.125], "d": [1, -1, 0.5], "z": [3.0, -2.0, 1.0], "steady": [True, True, False]}
FIT = {name: {"spearman": rho} for name, rho in (("own", 0.3), ("random", 0.4), ("length", 0.0))}


def test_a_prediction_is_on_the_page_of_its_store(visit):
    at = visit("proof")
    assert "What will it teach?" not in [part.value for part in at.subheader]
    made = {"method": "<b>", "lens": "tokens", "samples": 12, "prompts": 6, "fresh": 5, "new_tokens": 96}
    lens = {"feature": [3, 1, 2], "before": SHIFT, "after": SHIFT, "fit": FIT, "predicts": False}
    folder = cache_dir("prediction", KEY)
    write_json(folder / "a.json", {**made, "lenses": {"tokens": lens}})
    (folder / "b.json").write_text("cut")
    at = visit("proof")
    assert "What will it teach?" in [part.value for part in at.subheader]
    frame = next(f.value for f in at.dataframe if "predicted" in f.value)
    assert frame["feature"].tolist() == [3, 1] and frame["predicted"].tolist() == [0.5, -0.25]
    said = [part.value.replace("\\", "") for part in at.caption]
    assert not any("<b>" in part.value for part in at.caption) and any("12 samples by" in text for text in said)
    assert any(
        "+0.30" in text and "left out +0.40, from length" in text and "not better than both" in text for text in said
    )
