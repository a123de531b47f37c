"""The options of all commands: those there were before settings made them, and how settings make them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from core.cli.app import app, main
from core.cli.options import Asked, Options, parsed_budget, parsed_methods, takes
from core.errors import SelectionError
from core.settings import pairs, setting, typed
from core.system.files import PROJECT

# Recorded from the commands whose options were written by hand: ! needed, =default, nothing: none.
BEFORE = """
extract: --batch-tokens=2048 --columns= --data! --device=auto --dtype=auto --floor=0.0 --hook-point= --limit
    --max-tokens=512 --model! --sae! --skip-bad/--no-skip-bad=False
demo: --samples=1000
join: stores!
info: --store!
methods: --json=False
score: --columns=perplexity,ifd --json=False --model= --store!
select: --budget=100 --json=False --method=sae-greedy --option/-o --out --save= --scope=all --seed=0 --store!
    --theta --unit=samples --weights=uniform -r/--multiplicity=1
explain: --budget=100 --json=False --method=sae-greedy --option/-o --row! --scope=all --seed=0 --store! --theta
    --unit=samples --weights=uniform -r/--multiplicity=1
compare: --draws=20 --json=False --methods= --overlap/--no-overlap=False --reference= --scope=all --score=
    --shares=0.01,0.05,0.1 --store! --theta
search: --budget=10% --feature --json=False --lacks --limit=20 --max-score --max-tokens --method=sae-greedy
    --min-score --min-tokens --regex=False --scope=all --score= --seed=0 --source --status=all --store! --text=
    --theta
veto: --budget=10% --json=False --lift/--no-lift=False --method=sae-greedy --mode=ignore
    --preview/--no-preview=False --reason= --store! features
pin: --json=False --lift/--no-lift=False --store! rows
ban: --json=False --lift/--no-lift=False --store! --without= rows
label: --again/--no-again=False --answer-tokens=150 --base-url= --credited=100 --features= --json=False --model=
    --price-in --price-out --retries=5 --seed=0 --store! --timeout=60 --workers=8 --yes/-y=False
labels: --export --import --json=False --skip-bad/--no-skip-bad=False --store!
export: --budget=100 --format= --json=False --method=sae-greedy --option/-o --order=input --out! --saved=
    --scope=all --seed=0 --store! --theta --unit=samples --weights=uniform -r/--multiplicity=1
replay: --out manifest!
length: --budget=5% --json=False --scope=all --seed=0 --store! --theta --top=20
refine: --base-url= --batch=8 --budget=300 --epochs=1 --json=False --k=0 --learning-rate=0.0005 --model=
    --new-tokens=128 --quality= --rank=16 --rounds=3 --scope=all --scorer=perplexity --scorer-model= --seed=0
    --start=base --store! --theta
prove: --batch=8 --budgets=300 --epochs=1 --full=4000 --held-out=300 --held-out-seed=0 --json=False
    --learning-rate=0.0005 --max-tokens=512 --methods=random,longest-response,sae-greedy --model= --new-tokens=96
    --out --rank=16 --refined=3 --scope=all --score= --seeds=3 --store! --tasks= --theta --unit=samples
train-sae: --d-sae=8192 --data! --hook-point=blocks.14.hook_resid_post --k=32 --model=
    --out=assets/sae-smollm2-135m-layer15 --seed=0 --steps=2600 --tokens=10100000 --work
evaluate-sae: --data! --model= --sae=assets/sae-smollm2-135m-layer15 --tokens=60000
"""
SINCE = """
diff: --budget=10% --json=False --lens --limit=20 --match-length/--no-match-length=False
    --method=sae-greedy --scope=all --seed=0 --store! --theta one! two=rest
concepts: --json=False --store! text!
upgrade: --store!
ban: --copies= --group= --reason= --stays=longest --unread=False
concept: --budget=10% --by= --delete=False --json=False --lens --list=False --method=sae-greedy --negative --positive
    --scope=all --seed=0 --store! --theta name=
extract: --address= --engine=local --gpus-per-worker=0.0 --long=cut --max-tokens=1024 --n-topics=0 --sae= --topics=
    --topics-k=8 --vectors= --workers=0
compare: --budget/--budgets=1%,5%,10% --lens --method/--methods= --shares= --unit=samples
prove: --budget/--budgets=300 --by= --lens --measured= --method/--methods=random,longest-response,sae-greedy --split=
    --exact= --instructed=0 --select-only=False
refine: --lens
select: --force=False --lens --quota --reference= --shards=0
quota: --budget=10% --json=False --lens --lift/--no-lift=False --method=sae-greedy --preview/--no-preview=False
    --store! --unit=samples quotas
boost: --budget=10% --by= --factor=3.0 --json=False --lens --lift/--no-lift=False --method=sae-greedy
    --preview/--no-preview=False --store! --unit=samples features
explain: --lens --quota
export: --folder --force=False --language= --lens --license=unknown --note= --out --private=False --push-to-hub=
    --quota --rejects/--no-rejects=True --sampling=none --split-seed=0 --title=
    --to=original --validation=0.0 --yes/-y=False --zip=False
search: --health= --language --lens --read=all
veto: --lens
label: --lens --timeout=60.0
labels: --lens
decisions: --delete-set= --export --find= --import --json=False --kind= --last=20 --set= --since= --store! --tag=
    --until= --untag= rows
replay: --store
train-sae: --out
estimate: --batch-tokens=2048 --columns= --data! --device=auto --dtype=auto --floor=0.0 --hook-point= --json=False
    --limit --long=cut --max-tokens=1024 --model! --n-topics=0 --sae= --skip-bad/--no-skip-bad=False --topics-k=8
    --topics= --vectors=
open: --browser/--no-browser=True --port=0 source!
jobs: --cancel= --json=False --log= --resume=
health: --against= --budget=10% --check --json=False --lens --method=sae-greedy --scope=all --seed=0 --store! --theta
missing: --against! --answer-tokens=1000 --base-url= --budget=100 --candidates --features= --force=False --json=False
    --lens --limit=20 --method=sae-greedy --model= --of=all --option/-o --out --quota --retries=5 --scope=all --seed=0
    --store! --theta --timeout=60.0 --unit=samples --weights=uniform --workers=8 --write=0 --yes/-y=False
    -r/--multiplicity=1
atlas: --budget=100 --force=False --lens --method=sae-greedy --option/-o --out! --quota --scope=all --seed=0 --store!
    --theta --unit=samples --weights=uniform -r/--multiplicity=1
safety: --budget=10% --json=False --lens --method=sae-greedy --negative --positive --recipe --scope=all --seed=0
    --store! --theta
predict: --adapter --batch=8 --budget=100 --epochs=1 --fresh=100 --json=False --learning-rate=0.0005 --lens
    --max-tokens=512 --method=sae-greedy --new-tokens=96 --option/-o --out --prompts=100 --quota --rank=16 --saved=
    --scope=all --seed=0 --store! --theta --train=False --unit=samples --weights=uniform -r/--multiplicity=1
train-topics: --k=8 --most-samples=65536 --n-topics=0 --out! --passes=15 --seed=0 --store!
"""
GONE = """
extract: --max-tokens=512 --sae!
compare: --methods= --shares=0.01,0.05,0.1
prove: --budgets=300 --methods=random,longest-response,sae-greedy
label: --timeout=60
train-sae: --out=assets/sae-smollm2-135m-layer15
export: --out!
"""


def table(text: str) -> dict[str, set[str]]:
    """Options by command, of a text as BEFORE."""
    found: dict[str, set[str]] = {}
    command = ""
    for word in text.split():
        if word.endswith(":") and not word.startswith("-"):
            command = word[:-1]
        else:
            found.setdefault(command, set()).add(word)
    return found


def told(option: Any) -> str:
    """An option as BEFORE has it."""
    default = None if callable(option.default) else option.default
    end = "!" if option.required else "" if default is None else f"={default}".replace(" ", "_")
    return "/".join([*option.opts, *option.secondary_opts]) + end


def test_commands_have_the_options_that_they_had() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    found = {name: {told(option) for option in command.params} for name, command in commands.items()}
    expected, since, gone = table(BEFORE), table(SINCE), table(GONE)
    for name in {*expected, *since}:
        assert found.pop(name) == (expected.get(name, set()) - gone.get(name, set())) | since.get(name, set()), name
    assert not found


def test_every_option_has_its_sentence() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    without = {(name, o.name) for name, command in commands.items() for o in command.params if not o.help}
    assert without <= {("compare", "shares"), ("replay", "manifest"), *((name, "help") for name in commands)}


def test_the_list_of_commands_loads_nothing_that_is_slow() -> None:
    slow = {"numba", "scipy", "duckdb", "pyarrow", "pandas", "sklearn", "torch", "transformers", "openai"}
    code = f"import sys, core.cli.app; print(sorted({slow!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


# --- how settings become options


@dataclass(frozen=True)
class Made:
    """One of each kind."""

    name: str = setting(sentence="Needed.")
    rounds: int = setting(3, "Rounds.", low=1)
    limit: int | None = setting(None, "Limit.")
    only: tuple[int, ...] = setting((), "Repeat it.")
    loud: bool = setting(False, "Loud.", option="--loud")
    theta: float = setting(0.5, "Found later.", low=0, typed=None)
    given: Mapping[str, str] = setting(sentence="Pairs.", factory=dict, option="--option -o", typed=(), parse=pairs)
    word: str = setting("a", "Word.", choices=("a", "b"), option="-w --word")
    hidden: int = 7


def run(*arguments: str, options: Options) -> Any:
    """What a command gets of what was typed; the result of typer where it says no."""
    got: list[Any] = []
    one = typer.Typer()

    @one.command()
    @takes(made=options)
    def command(first: Annotated[str, typer.Argument()], made: Asked, last: int = 1) -> None:
        """Only here to be asked."""
        got.append((first, made, last))

    result = CliRunner().invoke(one, arguments)
    return got[0] if got else result


def test_a_command_gets_what_was_typed_by_the_names_of_the_fields() -> None:
    nothing = {"rounds": 3, "limit": None, "only": (), "loud": False, "theta": None, "given": {}, "word": "a"}
    assert run("f", "--name", "n", options=Options(Made)) == ("f", {"name": "n", **nothing}, 1)
    typed = "--name n --rounds 4 --limit 2 --only 5 --only 6 --loud --theta 0.25 -o a=1 --option b=2 -w b --last 9"
    assert run("f", *typed.split(), options=Options(Made)) == (
        "f",
        {"name": "n", "rounds": 4, "limit": 2, "only": (5, 6), "loud": True, "theta": 0.25, "word": "b"}
        | {"given": {"a": "1", "b": "2"}},
        9,
    )
    assert run("f", options=Options(Made, "rounds", "word", rounds=8)) == ("f", {"rounds": 8, "word": "a"}, 1)
    assert set(run("f", options=Options(Made, without=("name", "given")))[1]) == {*nothing} - {"given"}


Names = st.text("ab -=", min_size=1).filter(lambda name: not name.startswith("-"))
Asks = {
    "rounds": st.integers(1, 9),
    "limit": st.none() | st.integers(-3, 3),
    "loud": st.just(True),
    "only": st.lists(st.integers(-2, 2), max_size=3).map(tuple),
    "theta": st.just(0.5) | st.floats(0, 2),  # 0.5: the field's default, while the command's is the store's own
    "word": st.sampled_from("ab"),
    "given": st.dictionaries(st.sampled_from("ab"), st.sampled_from(["1", "x=y"]), max_size=2),
}


@given(st.fixed_dictionaries({"name": Names}, optional=Asks))
def test_what_settings_amount_to_is_what_a_command_gets(asked: dict[str, Any]) -> None:
    usual = run("f", "--name", "n", options=Options(Made))[1]
    got = run("f", *typed(Made, asked), options=Options(Made))[1]
    assert got == usual | asked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rounds", "0"], "rounds must be a whole number of at least 1, got 0."),
        (["--theta", "nan"], "theta must be a number of at least 0, got nan."),
        (["--word", "c"], "Unknown word 'c': it must be one of a, b."),
        (["-o", "tau"], "An option is written NAME=VALUE, got 'tau'."),
    ],
)
def test_what_is_not_allowed_is_said_before_the_command_begins(arguments: list[str], said: str) -> None:
    result = run("f", "--name", "n", *arguments, options=Options(Made))
    assert isinstance(result.exception, SelectionError) and str(result.exception) == said


def test_what_typer_itself_refuses_stays_a_usage_error() -> None:
    assert "Missing option" in run("f", options=Options(Made)).output
    assert run("f", "--name", "n", "--rounds", "many", options=Options(Made)).exit_code == 2
    assert run("f", "--name", "n", "--hidden", "1", options=Options(Made)).exit_code == 2


# --- budgets and methods


@pytest.mark.parametrize("text", ["inf%", "nan%", "-5%", "0%", "101%", "many", "5.5", "%", ""])
def test_a_budget_that_is_none(text: str) -> None:
    with pytest.raises(SelectionError, match="whole number or a share such as 5%"):
        parsed_budget(text, 100)


def test_budgets() -> None:
    assert [parsed_budget(text, 700) for text in ("12", "1%", "0.01%", "100%")] == [12, 7, 1, 700]
    assert parsed_methods(" sae-greedy, random") == ["sae-greedy", "random"]


@pytest.mark.parametrize("text", ["magic", "random,b", "random;quality"])
def test_a_method_that_is_none(text: str) -> None:
    with pytest.raises(SelectionError, match=r"Unknown method '.*': it must be one of sae-greedy, "):
        parsed_methods(text)


def test_an_extraction_that_names_no_column_is_one_sentence(capsys) -> None:
    assert main(["extract", "--data", "d", "--model", "m", "--sae", "s", "--columns", "prompt"]) == 2
    assert capsys.readouterr().err == "Error: An option is written NAME=VALUE, got 'prompt'.\n"
