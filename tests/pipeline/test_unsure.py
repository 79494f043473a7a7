"""Unsure: fitted on held-out answers of a committed checkpoint, it warns of wrong ones and lies beside the weights."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from vaegen.artifacts.unsure import fit_unsure, measured
from vaegen.errors import VaegenError
from vaegen.model.companions import weights_hash
from vaegen.pipeline import load
from vaegen.pipeline.unsure import FILE, SIGNALS, Unsure

CAPTIONS = ("A dog runs through the snow.", "Two men sing on a stage.", "A woman reads a book.", "A boy plays football.",
            "A man rides a bicycle.", "Children play in a park.", "A girl jumps into the water.", "A cat sits on a chair.")
NONSENSE = ("Interest rates are quoted quarterly.", "Whose thesis refutes entropy?", "Parliament ratified amendments.",
            "Quantum chromodynamics predicts jets.", "Your invoice remains overdue.", "Kindly disregard bureaucracy.",
            "Epistemology bores accountants.", "Mortgage brokers hedge swaps.")  # fmt: skip


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """The committed captions model in a folder of its own."""
    folder = shutil.copytree("checkpoints/multi30k", tmp_path_factory.mktemp("unsure") / "model")
    return load(folder)


@pytest.fixture(scope="module")
def fitted(pipeline) -> Unsure:
    """Fitted on captions whose reference is the model's own answer, and on sentences that it cannot know."""
    right = list(zip(CAPTIONS, pipeline.translate(list(CAPTIONS), "de"), strict=True))
    wrong = [(text, "Zzz qqq xxx www.") for text in NONSENSE]
    both = {("en", "de"): right + wrong}
    found = fit_unsure(pipeline, [*CAPTIONS] * 40, both, both, say=lambda _: None)
    return replace(found, about={**found.about, "weights": weights_hash(pipeline.folder)})


def test_it_tells_wrong_answers_from_right_ones(fitted):
    assert fitted.about["tested"]["n_right"] == len(CAPTIONS) and fitted.about["tested"]["n_wrong"] == len(NONSENSE)
    assert fitted.about["tested"]["warned_of_wrong"] >= 0.75 and fitted.about["tested"]["warned_of_right"] <= 0.25


def test_answers_carry_it_once_it_lies_beside_the_weights(pipeline, fitted):
    assert pipeline.generate([CAPTIONS[0]], "de")[0][0].unsure is None
    fitted.save(pipeline.folder)
    answers = pipeline.generate([CAPTIONS[0], "", NONSENSE[1]], "de")
    known, blank, unknown = (found[0].unsure for found in answers)
    assert blank is None and known is not None and unknown is not None and known < unknown
    values = json.loads((pipeline.folder / FILE).read_text(encoding="utf-8"))
    values["about"]["weights"] = "0" * 12
    (pipeline.folder / FILE).write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(VaegenError, match="made from other weights"):
        _ = pipeline.unsure
    assert pipeline.generate([CAPTIONS[0]], "de")[0][0].unsure is None  # an answer is still an answer
    (pipeline.folder / FILE).unlink()


def test_probability_is_a_logistic_regression_of_standardised_signals():
    n = len(SIGNALS)
    unsure = Unsure((1.0, *[0.0] * (n - 1)), 0.5, (2.0,) * n, (4.0,) * n, "", (), (), 0.5)
    signals = np.full((1, n), 6.0)
    assert unsure.probability(signals)[0] == pytest.approx(1.0 / (1.0 + np.exp(-1.5)))
    assert measured(unsure, signals, np.array([True]))["warned_of_wrong"] == 1.0


def test_nothing_to_tell_apart_is_said(pipeline):
    right = {("en", "de"): [(text, pipeline.translate(text, "de")) for text in CAPTIONS[:3]]}
    with pytest.raises(VaegenError, match="nothing to tell apart"):
        fit_unsure(pipeline, CAPTIONS, right, right, say=lambda _: None)
