"""The data card: README.md of a data set in the form of the Hugging Face hub, a YAML head and Markdown below it.

The head is written by huggingface_hub (its "Dataset Cards" documentation), so that `load_dataset` finds the files.
Whatever comes from the data or from a person is escaped: a topic may be called `<script>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core import __version__
from core.export.facts import Facts
from core.export.snippets import Snippet
from core.schema import NOUNS
from core.session.budgets import DRAWS
from core.system.shown import many

MARKS = re.compile(r"([\\`*_{}\[\]#!|<>~$&@]|:(?=\w)|^[-+=]|^\d+(?=[.)](?:\s|$)))")
LINKED = re.compile(r"(https?:|www(?=\.)|@)", re.IGNORECASE)  # made a link of without being asked
LICENCE = re.compile(r"[a-z0-9][a-z0-9.\-]{1,40}")
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LONGEST = 200  # characters of a text of the data
TAGS = ["instruction-tuning", "data-selection", "sparse-autoencoder", "saelect"]
WORD_JOINER = "\u2060"
WHOLE = """\
from datasets import load_dataset

data = load_dataset("FOLDER")  # its path, or its id on the hub
"""

LIMITS = """\
- A feature says what an autoencoder saw in a language model's vectors, and its name was made of words or by a model: \
read some records before you rely on either.
- Coverage counts features. It says nothing of whether an answer is right, safe or well written.
- Records are compared by what the model read of each: {read}.
- Numbers of tokens are those of the tokenizer of {model}.
"""
CITATION = """\
```bibtex
@article{yang2025diversity,
  title={Diversity-driven Data Selection for Language Model Tuning through Sparse Autoencoder},
  author={Yang, Xianjun and Nie, Shaoliang and Liu, Lijuan and Gururangan, Suchin and Karn, Ujjwal and Hou, Rui and \
Khabsa, Madian and Mao, Yuning},
  journal={arXiv preprint arXiv:2502.14050},
  year={2025}
}

@article{yu2024diversify,
  title={Diversify and Conquer: Diversity-Centric Data Selection with Iterative Refinement},
  author={Yu, Simon and Chen, Liangyu and Ahmadian, Sara and Fadaee, Marzieh},
  journal={arXiv preprint arXiv:2409.11378},
  year={2024}
}

@software{saelect,
  title={{SAElect}: selecting instruction data with sparse autoencoders},
  version={VERSION}
}
```
"""


def card(facts: Facts, splits: Mapping[str, str], files: Mapping[str, str], snippets: Sequence[Snippet]) -> str:
    """README.md: splits are files of records by the name of their split; files: what each file of the folder is."""
    sections = {
        f"# {text(facts.title)}": introduction(facts),
        "## Load it": loading(snippets),
        "## Where the records come from": origin(facts),
        "## How they were chosen": choice(facts),
        "## Length": table("Tokens", facts.lengths),
        f"## {NOUNS[facts.lens].capitalize()}s": features(facts),
        "## Decisions": decisions(facts),
        "## Checks": checks(facts),
        "## Limits": LIMITS.format(read=facts.read, model=text(facts.model) or "the model"),
        "## Files": "\n".join(f"- `{name}`: {what}" for name, what in files.items()),
        "## Citation": CITATION.replace("VERSION", __version__),
    }
    body = "\n\n".join(f"{title}\n\n{content.strip()}" for title, content in sections.items() if content)
    return f"---\n{head(facts, splits)}\n---\n\n{body}\n"


def head(facts: Facts, splits: Mapping[str, str]) -> str:
    """The YAML between the dashes."""
    from huggingface_hub import DatasetCardData

    data_files = [{"split": split, "path": path} for split, path in splits.items()]
    about = DatasetCardData(
        language=list(facts.languages) or None,
        pretty_name=shown(facts.title),
        size_categories=next((name for most, name in SIZES if facts.records[0] < most), "1M<n<10M"),
        task_categories=["text-generation"],
        tags=TAGS,
        configs=[{"config_name": "default", "data_files": data_files}],
        **licence(facts.about.license),
    )
    return about.to_yaml()


def licence(given: str) -> dict[str, Any]:
    """A licence as the hub wants it: its identifier, or `other` with its name."""
    name = given.strip().lower()
    if LICENCE.fullmatch(name):
        return {"license": name}
    return {"license": "other", "license_name": shown(given)} if name else {"license": "unknown"}


# --- sections


def introduction(facts: Facts) -> str:
    """How much was kept of what, by which method, and the map."""
    kept, every = facts.records
    share = facts.tokens[0] / max(facts.tokens[1], 1)
    return (
        f"{kept:,} of {many(every, 'record')} of {text(facts.data)}, chosen by {text(facts.spec.method)} with SAElect: "
        f"{many(facts.tokens[0], 'token')}, {share:.1%} of {facts.tokens[1]:,}.\n\n"
        "![Map of the records: kept ones in blue, left out in grey](map.svg)"
    )


def loading(snippets: Sequence[Snippet]) -> str:
    """The lines that load the folder, and those that trainers want for its first file."""
    snippets = [Snippet("datasets, the whole folder", "python", WHOLE), *snippets]
    return "\n\n".join(f"{each.trainer}:\n\n```{each.language}\n{each.text.strip()}\n```" for each in snippets)


def origin(facts: Facts) -> str:
    """The data, its licence and its sources, as far as they were given."""
    lines = [f"- Data: {text(facts.data)} (sha256 `{facts.digest}`)", f"- Licence: {text(facts.about.license)}"]
    lines += [f"- {text(facts.about.note)}"] if facts.about.note.strip() else []
    named = [row for row in facts.sources if row[0]]
    return "\n".join(lines) + ("\n\n" + table("Source", named) if named else "")


def choice(facts: Facts) -> str:
    """The request, and what it covers against random."""
    spec, noun = facts.spec, NOUNS[facts.spec.lens]
    rows = {
        "Method": f"{text(spec.method)}: {text(facts.method)}",
        "Budget": many(spec.budget, spec.unit.removesuffix("s")),
        "Lens": f"{spec.lens} of {'whole records' if spec.scope == 'all' else spec.scope + 's'}",
        "Threshold θ": f"{spec.theta:.4g}",
        "Model": f"{text(facts.model)}, which read of each record {facts.read}",
        "Weights, multiplicity, seed": f"{spec.weights}, {spec.multiplicity}, {spec.seed}",
    }
    rows |= {text(name): text(str(value)) for name, value in spec.options.items()}
    request = "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"{request}\n\nTogether the kept records have {covered(facts, facts.covered, noun)}. {against(facts)}"


def covered(facts: Facts, n: int, noun: str) -> str:
    """An amount of features, and its share."""
    return f"{n:,} of {many(facts.coverable, noun)} ({n / max(facts.coverable, 1):.1%})"


def against(facts: Facts) -> str:
    """What random records cover."""
    low, median, high = facts.random
    what = "As many random records" if facts.spec.unit == "samples" else "Random records of as many tokens"
    return f"{what} have {median:,.0f} at the median of {DRAWS} draws ({low:,} to {high:,})."


def features(facts: Facts) -> str:
    """The features with the most kept records, and the largest of which no record is kept."""
    noun = NOUNS[facts.lens]
    if not facts.left_out:
        return f"{table('Most kept', facts.most_kept)}\n\nEvery {noun} of the data has a kept record."
    none = f"No record is kept of {many(facts.n_left_out, noun)}"
    largest = ", the largest are" if facts.n_left_out > len(facts.left_out) else ""
    names = "\n".join(f"- {text(name)} ({many(every, 'record')})" for name, _, every in facts.left_out)
    return f"{table('Most kept', facts.most_kept)}\n\n{none}{largest}:\n\n{names}"


def decisions(facts: Facts) -> str:
    """What a person decided, each with its reason or note."""
    return "\n".join(f"- {text(what)}" + (f" ({text(why)})" if why.strip() else "") for what, why in facts.decisions)


def checks(facts: Facts) -> str:
    """What was found in the kept records."""
    return f"Of {many(facts.records[0], 'kept record')},\n\n" + "\n".join(f"- {n:,} {what}" for what, n in facts.checks)


def table(name: str, rows: Sequence[tuple[str, int, int]], most: int = 12) -> str:
    """Rows of (name, kept, all) as a Markdown table, the first `most` of them."""
    if not rows:
        return ""
    lines = [f"| {text(what)} | {kept:,} | {every:,} |" for what, kept, every in rows[:most]]
    more = [f"| {many(len(rows) - most, 'more', 'more')} | | |"] if len(rows) > most else []
    return "\n".join([f"| {name} | Kept | All |", "|---|--:|--:|", *lines, *more])


# --- text that is not ours


def shown(given: str) -> str:
    """Text on one line, without characters that are not seen, cut where it is long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in given).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def text(given: str) -> str:
    """Text for Markdown: no mark, no HTML, no link comes to life."""
    return MARKS.sub(escaped, LINKED.sub(rf"\1{WORD_JOINER}", shown(given)))


def escaped(mark: re.Match) -> str:
    """A mark that stands for itself; before a number that would begin a list, something that is not seen."""
    return (WORD_JOINER if mark[0].isdigit() else "\\") + mark[0]
