"""What the committed checkpoint says, word for word, and what the repository promises about itself.

After a checkpoint was replaced on purpose: `python tests/test_golden.py` writes golden.json anew; read the difference.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import vaegen  # noqa: E402  (a clone need not be installed)
from vaegen.app.questions.points import START  # noqa: E402
from vaegen.latent.directions import load_directions  # noqa: E402
from vaegen.model.companions import weights_hash  # noqa: E402

GOLDEN = Path(__file__).with_name("golden.json")
SOURCES = {
    "en": "A dog runs through the snow.",
    "de": "Zwei Frauen sitzen auf einer Bank und lachen.",
    "fr": "Un homme joue de la guitare dans la rue.",
    "cs": "Malé dítě si hraje na pláži.",
    "zh": "两个孩子在沙滩上玩。",
}


def outputs(name: str) -> dict:
    """Returns what a checkpoint makes of our own sentences, along every road of the API."""
    pipeline = vaegen.load(ROOT / "checkpoints" / name)
    texts = [text for language, text in SOURCES.items() if language in pipeline.languages]
    result: dict = {}
    for language in pipeline.tags:
        result[language] = {
            "source": pipeline.translate(texts, language),
            "latent": pipeline.translate(texts, language, context="latent"),
            "greedy": pipeline.translate(texts, language, num_beams=1),
        }
    result["interpolate"] = pipeline.interpolate(SOURCES["en"], SOURCES["de"], 5, "en")
    result["sample"] = pipeline.sample(3, "en", seed=7)
    return result


def committed() -> list[str]:
    """Returns the names of the checkpoints in the repository."""
    return sorted(path.parent.name for path in (ROOT / "checkpoints").glob("*/config.json"))


@pytest.mark.parametrize("name", committed())
def test_committed_checkpoints_say_what_they_said(name):
    assert outputs(name) == json.loads(GOLDEN.read_text(encoding="utf-8"))[name]


@pytest.mark.parametrize("name", committed())
def test_what_lies_beside_the_weights_was_made_of_them(name):
    folder = ROOT / "checkpoints" / name
    directions = load_directions(folder)
    assert directions is None or directions.about["weights"] == weights_hash(folder)
    if (folder / "examples.json").is_file():
        cards = json.loads((folder / "examples.json").read_text(encoding="utf-8"))["translate"]["cards"]
        pipeline = vaegen.load(folder)
        assert [card["text"] for card in cards] == [pipeline.translate([START[0].text], c["language"])[0] for c in cards]


@pytest.mark.parametrize("name", committed())
def test_the_card_and_the_results_hold_the_measured_figures(name):
    folder = ROOT / "checkpoints" / name
    evaluation = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["evaluation"]
    for document in (folder / "README.md", ROOT / "docs" / "results.md"):
        text = document.read_text(encoding="utf-8")
        for table in evaluation.get("tasks", ()):
            for row in table["rows"]:
                assert "| " + " | ".join(map(str, row)) + " |" in text
        for direction, contexts in evaluation.get("translation", {}).items():
            scores = contexts["source"]
            figures = [scores[key] for key in ("bleu_tokenised", "bleu", "chrf") if key in scores]
            row = next(line for line in text.splitlines() if line.startswith(f"| {direction} |") and str(figures[0]) in line)
            assert all(str(figure) in row for figure in figures)


def test_the_results_are_what_the_command_writes():
    before = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    sys.path.insert(0, str(ROOT / "scripts" / "measure"))
    try:
        import update_documents
    finally:
        sys.path.pop(0)
    assert update_documents.filled(before) == before


@pytest.mark.parametrize("name", [name for name in committed() if name in ("chinese", "dialogue", "summaries")])
def test_a_checkpoint_of_a_task_takes_under_10_megabytes(name):
    files = [path for path in (ROOT / "checkpoints" / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10_000_000


def test_no_tracked_file_is_over_9_megabytes():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    sizes = {name: (ROOT / name).stat().st_size for name in names if name and (ROOT / name).is_file()}
    assert sizes and max(sizes.values()) <= 9_000_000


if __name__ == "__main__":
    GOLDEN.write_text(
        json.dumps({name: outputs(name) for name in committed()}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
