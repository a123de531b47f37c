"""The health checks: add one by writing its function and an entry in CHECKS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.store.queries import has_vectors_of_parts
from core.studies.health.answers import cut, empty, loops, not_read, repeats_prompt, very_short
from core.studies.health.boilerplate import links_only, refusal, web_remains
from core.studies.health.contamination import contamination
from core.studies.health.duplicates import answered_twice, exact_duplicates, near_duplicates, similar_vectors
from core.studies.health.encoding import broken_encoding
from core.studies.health.finding import Finding, Seen, Texts
from core.studies.health.fit import high_ifd, misfit
from core.studies.health.language import mismatch, mixed
from core.studies.health.personal import personal_data
from core.studies.health.pool import Pool
from core.studies.health.toxicity import toxicity

FAMILIES = ("copies", "answers", "language", "private", "tests")


@dataclass(frozen=True)
class Check:
    """A check: `look` at one sample after another, or `run` over all samples together.

    sentence: what it finds. limit: what it misses or takes for what it is not, a sentence. shortfall: how far it was
    from its goal on planted defects (docs/health.md), a sentence, or "" where it reached it. version: another one once
    it finds other things, so that nothing kept of an earlier one is shown. masked: the spans are never to be shown.
    lasting: whether what it finds depends on the store and the version alone, so that it can be kept. needs: why it
    cannot run, a sentence, or "".
    """

    name: str
    family: str
    sentence: str
    look: Callable[[Texts], Seen | None] | None = None
    run: Callable[[Pool], Finding] | None = None
    limit: str = ""
    shortfall: str = ""
    version: int = 1
    masked: bool = False
    lasting: bool = True
    needs: Callable[[Pool], str] | None = None


def lacks_file(pool: Pool) -> str:
    """Contamination needs test questions."""
    return "" if pool.against else "Name a file of test questions to compare with: --against FILE."


OLD_VECTORS = "The store was made before prompt and answer had vectors of their own."


def lacks_vectors(pool: Pool) -> str:
    """Whether an answer fits is told by vectors of prompts and of answers."""
    return "" if has_vectors_of_parts(pool.store) else OLD_VECTORS


def lacks_ifd(pool: Pool) -> str:
    """IFD is a score that a model computes."""
    return "" if "ifd" in pool.scores else "Not scored yet: `python -m core score` computes IFD."


CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check("exact-duplicates", "copies", "Samples with the same turns, to the character.", run=exact_duplicates),
        Check(
            "near-duplicates", "copies", "Samples that share about half of their sequences of five words, or more.",
            run=near_duplicates, limit="Samples of fewer than eight words are not compared.",
            shortfall="Tried on copies made on purpose: 3 % of what it found was none of them, though some is alike.",
        ),
        Check(
            "similar-vectors", "copies", "Samples that the model reads as nearly the same (cosine 0.97 or more).",
            run=similar_vectors, limit="A suggestion: it also groups samples of the same form, such as recipes.",
        ),
        Check("same-prompt", "copies", "The same prompt with different answers.", run=answered_twice),
        Check(
            "contamination", "tests", "Samples that hold a question of a test.", run=contamination,
            needs=lacks_file, limit="Finds wording that is the same, not questions that mean the same.",
        ),
        Check("empty-answers", "answers", "Answers without a letter or digit.", empty),
        Check(
            "very-short-answers", "answers", "Answers of one or two words.", very_short,
            limit="For many tasks one word is the right answer.",
        ),
        Check(
            "cut-answers", "answers", "Answers that stop in a sentence or in a code block.", cut, version=2,
            limit="An answer cut at the end of a sentence looks whole.",
        ),
        Check(
            "answer-not-read", "answers", "Answers that the model did not read, since the window was full.",
            run=not_read, lasting=False,
        ),
        Check("loops", "answers", "Answers that repeat the same words again and again.", loops),
        Check(
            "refusals", "answers", "Refusals, and answers that speak of themselves as an AI model.", refusal, version=2,
            shortfall="It knows phrases: of refusals in other words it found three in four.",
        ),
        Check("repeats-prompt", "answers", "Answers that begin with the whole prompt.", repeats_prompt),
        Check(
            "answer-does-not-fit", "answers", "Answers unlike what their prompts let one expect.", run=misfit,
            needs=lacks_vectors, version=2,
            limit="It learns from the data, and short answers such as yes fit many prompts.",
            shortfall="Tried on answers shuffled on purpose: it found half, and one in six it named was not one.",
        ),
        Check(
            "prompt-does-not-help", "answers", "Answers that their prompt makes less likely (IFD above 1).",
            run=high_ifd, needs=lacks_ifd, lasting=False,
        ),
        Check("language-mismatch", "language", "Answers in another language than asked for.", mismatch),
        Check("mixed-languages", "language", "Answers with paragraphs in two languages.", mixed),
        Check(
            "broken-encoding", "language", "Text read in the wrong encoding, such as Ã© for é.", broken_encoding,
            version=2,
        ),
        Check(
            "web-remains", "answers", "Tags of HTML, cookie notices and other remains of web pages.", web_remains,
            version=2,
            shortfall="It knows phrases, and looks for two of them: of pages with other ones it found half.",
        ),
        Check("links-only", "answers", "Answers of links and next to nothing else.", links_only),
        Check(
            "personal-data", "private", "Mail and IP addresses, telephone and card numbers, bank accounts, keys.",
            personal_data, masked=True, version=2, limit="Names and postal addresses are not found.",
        ),
        Check(
            "toxicity", "private", "Insults, threats and obscene words.", toxicity,
            limit="A small list of words in five languages: it misses most, and finds quotations too.",
        ),
    )
}  # fmt: skip
