"""The command line on a tiny model: every command runs."""

from __future__ import annotations

import json
from pathlib import Path

from core.cli import console
from core.cli.app import COMMANDS
from core.cli.console import bar, stages


def test_the_bar_of_stages(monkeypatch) -> None:
    progress, seen = bar(), []
    monkeypatch.setattr(console, "bar", lambda: progress)
    with stages() as told:
        for step in [
            ("Loading", 0, 1), ("Extracting", 0, 80), ("Extracting", 20, 80, 5), ("Indexing", 0, 1), ("Lens", 9, 36),
            ("Lens", 18, 36), ("Done", 1, 1),
        ]:  # fmt: skip
            told(*step)
            task = progress.tasks[0]
            seen.append((task.description, task.total, task.percentage, task.fields["rate"].split(" ")[-1][-2:]))
    assert seen == [
        ("Loading", None, 0, ""), ("Extracting", 80, 0, ""), ("Extracting", 80, 25, "/s"), ("Indexing", None, 0, ""),
        ("Lens", 36, 25, ""), ("Lens", 36, 50, "/s"), ("Done", 1, 100, ""),
    ]  # fmt: skip


def test_the_rate_of_a_stage_counts_from_where_it_was_first_told(monkeypatch) -> None:
    progress = bar()
    monkeypatch.setattr(console, "bar", lambda: progress)
    monkeypatch.setattr(console.time, "time", iter([100.0, 100.0, 110.0]).__next__)
    with stages() as told:
        told("Extracting", 500, 1000, 500)
        assert progress.tasks[0].fields["rate"] == ""
        told("Extracting", 700, 1000, 700)
        assert progress.tasks[0].fields["rate"] == "20 tokens/s"


def test_from_data_to_replay(run, tiny_store_path: Path, tmp_path: Path) -> None:
    store = str(tiny_store_path)
    assert json.loads(run("info", "--store", store).out)["n_samples"] == 12
    out = tmp_path / "curated.jsonl"
    done = run("select", "--store", store, "--budget", "5", "--out", str(out))
    assert done.status == 0 and "at least" in done.out and "5 samples cover" in done.out, done.err
    before = out.read_bytes()
    assert len(before.splitlines()) == 5
    out.unlink()
    manifest = str(tmp_path / "curated.manifest.json")
    assert "give --store" in run("replay", manifest).err
    done = run("replay", manifest, "--store", store)
    assert done.status == 0 and out.read_bytes() == before, done.err


def test_compare(machine, run, tiny_store_path: Path) -> None:
    found = machine("compare", "--budget", "25%,6")
    rows = {(r["method"], r["samples"]): r for r in found["rows"]}
    assert {samples for _, samples in rows} == {3, 6}
    for k in (3, 6):
        best = max(r["covered"] for (_, samples), r in rows.items() if samples == k and not r["why"])
        assert rows["sae-greedy", k]["covered"] >= 0.9 * best
    assert "score column" in rows["quality", 3]["why"]
    assert machine("compare", "--shares", "0.25,0.5") == found, "the old spelling"
    done = run(
        "compare", "--store", str(tiny_store_path), "--budget", "25%,6", "--overlap", "--method", "random,quality"
    )
    assert done.status == 0 and "Comparing" in done.err
    assert {"25%", "6"} <= {line.strip() for line in done.out.splitlines()}
    assert "quality could not run: " in done.out and "Picks in common, %" in done.out
    assert machine("compare", "--methods", " random, kmeans-closest", "--budgets", "3")["rows"][1]["samples"] == 3


def test_explain_veto_export_and_their_json(machine, run, tiny_store_path: Path, tmp_path: Path) -> None:
    store = ("--store", str(tiny_store_path))
    picks = machine("select", "--budget", "50%", "--save", "half")["rows"]
    kept = machine("explain", "--budget", "50%", "--row", str(picks[0]))
    assert kept["kept"] and kept["pick"] == 1 and len(kept["credited"]) <= kept["credited features"]
    left_out = next(row for row in range(12) if row not in picks)
    assert not machine("explain", "--budget", "50%", "--row", str(left_out))["kept"]
    feature = str(kept["credited"][0]["feature"])
    effect = machine("veto", feature, "--preview")
    assert effect["features covered"][0] >= effect["features covered"][1]
    assert machine("veto") == []
    machine("veto", feature, "--reason", "boilerplate")
    assert machine("veto") == [{"lens": "tokens", "feature": int(feature), "mode": "ignore", "reason": "boilerplate"}]
    out = tmp_path / "half.jsonl"
    assert machine("export", "--saved", "half", "--out", str(out))["n_records"] == len(picks)
    assert len(out.read_bytes().splitlines()) == len(picks)
    again = ("export", "--method", "random", "--budget", "3", "--out", str(out), *store)
    done = run(*again)
    assert done.status == 2 and "half.jsonl exists and is another file" in done.err
    assert run(*again, "--force").out.startswith("3 records → ")
    done = run("select", "--budget", "4", "--out", str(out), *store)
    assert done.status == 2 and "or --force" in done.err
    lifted = machine("veto", feature, "--lift", "--preview")
    before, after = lifted["features covered"]
    assert after >= before and len(machine("veto")) == 1
    done = run("veto", feature, "--lift", *store)
    assert done.status == 0 and done.out == "1 veto lifted (tokens)\n"
    done = run("explain", "--budget", "50%", "--row", str(picks[0]), *store)
    assert "The features that brought it in" in done.out


def test_a_form_comes_with_the_lines_that_load_it(run, tiny_store_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "c.jsonl"
    asked = ("export", "--budget", "3", "--store", str(tiny_store_path), "--out", str(out))
    done = run(*asked, "--to", "messages")
    assert done.status == 0 and done.out.startswith("3 records → "), done.err
    assert f'load_dataset("json", data_files="{out}", split="train")' in done.out and "field_messages" in done.out
    assert all(list(json.loads(line)) == ["messages"] for line in out.read_text().splitlines())
    done = run(*asked, "--to", "chatml", "--force")
    assert done.status == 2 and "Unknown form 'chatml': use one of original, messages" in done.err


def test_pins_and_bans_hold_for_every_selection(machine, run, tiny_store_path: Path) -> None:
    first = machine("select", "--budget", "3")["rows"]
    assert machine("ban", str(first[0])) == {"bans": [first[0]]}
    assert machine("pin", "11") == {"pins": [11]}
    rows = machine("select", "--budget", "3")["rows"]
    assert rows[0] == 11 and first[0] not in rows
    assert machine("pin", str(first[0])) == {"pins": [11, first[0]]} and machine("ban") == {"bans": []}
    assert machine("pin", "11", str(first[0]), "--lift") == {"pins": []}
    assert machine("select", "--budget", "3")["rows"] == first
    kept = run("ban", "--group", "kept", "--lift", "--store", str(tiny_store_path)).out
    assert "kept: by sae-greedy with a budget of 12 samples, in the lens" in kept
    assert "2 changed; 2 bans: 0, " in run("ban", "--without", "score", "--store", str(tiny_store_path)).out
    assert len(machine("select", "--budget", "3", "--method", "quality")["rows"]) == 3


def test_rows_are_tagged_and_saved_as_sets(machine, run, tiny_store_path: Path) -> None:
    found = machine("decisions", "4", "2", "--tag", "odd", "--set", "pair")
    assert found["tags"] == {"odd": [4, 2]} and found["sets"] == {"pair": [4, 2]}
    assert machine("decisions", "4", "--untag", "odd")["tags"] == {"odd": [2]}
    found = machine("compare", "--budget", "3", "--method", "nearest,jaccard", "--reference", "set:pair")
    assert not any(row["why"] for row in found["rows"])
    assert machine("decisions", "--delete-set", "pair")["sets"] == {}
    for wrong, told in (
        (("--tag", "odd"), "No rows are given: "),
        (("4",), "Rows are given, but not what for: "),
        (("12", "--tag", "odd"), "There is no row 12"),
        (("--delete-set", "pair"), "There is no set 'pair': there is none."),
    ):
        done = run("decisions", *wrong, "--store", str(tiny_store_path))
        assert done.status == 2 and told in " ".join(done.err.split())


def test_decisions_are_listed_kept_and_taken_over(
    machine, run, tiny_store_path: Path, tmp_path: Path, monkeypatch
) -> None:
    machine("veto", "3", "5", "--mode", "block", "--reason", "advertising")
    machine("pin", "4", "2")
    machine("ban", "7")
    machine("ban", "7", "--lift")
    kept = tmp_path / "kept.json"
    found = machine("decisions", "--export", str(kept))
    assert found["pins"] == [4, 2] and found["bans"] == []
    blocked = {"lens": "tokens", "mode": "block", "reason": "advertising"}
    assert found["vetoes"] == [blocked | {"feature": f} for f in (3, 5)]
    looked_for = [machine("decisions", *asked)["decisions"] for asked in (("--find", "ADVERT"), ("--kind", "pinned"))]
    assert [[found["on"] for found in some] for some in looked_for] == [["feature 3", "feature 5"], ["row 4", "row 2"]]
    assert "No decision fits." in run("decisions", "--until", "2000-01-01", "--store", str(tiny_store_path)).out
    told = [step["description"] for step in found["history"]]
    assert told == ["ban lifted from row 7", "row 7 banned", "2 rows pinned", told[3]] and "advertising" in told[3]
    assert [step["description"] for step in machine("decisions", "--last", "2")["history"]] == told[:2]

    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    store = ("--store", str(tiny_store_path))
    assert "0 pins; 0 bans; 0 labels; 0 notes; 0 sets; 0 tags; 0 selections." in run("decisions", *store).out
    taken = machine("decisions", "--import", str(kept))
    assert {name: taken[name] for name in ("vetoes", "pins", "bans")} == {
        name: found[name] for name in ("vetoes", "pins", "bans")
    }
    assert "advertising" in run("decisions", *store).out
    done = run("decisions", "--import", str(tiny_store_path), *store)
    assert done.status == 2 and "is not a file of decisions" in done.err


def test_a_store_is_named_by_its_key(run, tiny_store_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SAELECT_CACHE", str(tiny_store_path.parent))
    assert json.loads(run("info", "--store", tiny_store_path.stem).out)["n_samples"] == 12
    assert "no feature store" in run("info", "--store", "0" * 16).err


def test_methods_lists_every_option(run) -> None:
    found = json.loads(run("methods", "--json").out)
    assert {row["method"] for row in found} >= {"sae-greedy", "kmq", "reference-guided"}
    assert any(text.startswith("tau=0.8") for row in found for text in row["options"])
    listing = run("methods").out
    assert all(row["method"] in listing and row["group"] in listing for row in found)


def test_help_shows_an_example_of_each_command(run) -> None:
    listing = run("--help").out
    assert len(COMMANDS) > 20
    for command in COMMANDS:
        name = command.__name__.replace("_", "-")
        assert name in listing
        assert f"python -m core {name}" in run(name, "--help").out
