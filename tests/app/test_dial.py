"""The dial on the page: every question takes a rate, a checkpoint without a dial has one, and unsure answers say so."""

from dataclasses import replace

import pytest
from serving import GOLDEN, StubPipeline
from turned import RATES, save_turned

import vaegen
from vaegen.app.build import VIEWS, _about, _page
from vaegen.app.dial import dial_of
from vaegen.app.questions.attention import Attending
from vaegen.app.questions.inside import Inside
from vaegen.app.questions.interpolate_around import Analogy, Cloud, Grid
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.map import Spot
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.points import START
from vaegen.app.questions.sample import Draws, Move
from vaegen.app.questions.translate import OtherWays, Request
from vaegen.app.questions.translate_file import Lines
from vaegen.app.service import Service
from vaegen.errors import VaegenError

A, B = START
EN = ("en",)
KEPT, COLLAPSED = 0.003, 1.0
QUESTIONS = {
    "translate": lambda beta: Request(A.text, context="latent", num_beams=1, beta=beta),
    "other ways": lambda beta: OtherWays(Request(A.text, context="latent", num_beams=1, beta=beta), "de", 2),
    "file": lambda beta: Lines((A.text,), "de", "latent", beta=beta),
    "walk": lambda beta: Walk(A, B, steps=3, languages=EN, exact=False, beta=beta),
    "grid": lambda beta: Grid(A, B, A, B, size=3, beta=beta),
    "analogy": lambda beta: Analogy(A, B, B, languages=EN, beta=beta),
    "cloud": lambda beta: Cloud(A, n_draws=2, beta=beta),
    "sample": lambda beta: Move(A, languages=EN, beta=beta),
    "draws": lambda beta: Draws(1, beta=beta),
    "map": lambda beta: Spot(A, B, beta=beta),
    "own sentences": lambda beta: Place((A.text,), beta=beta),
    "attention": lambda beta: Attending(A, context="latent", without=1, beta=beta),
    "inside": lambda beta: Inside(A, beta=beta),
}
# What a hand-set dial leaves alone: it does not reach the decoder.
SAME = {"draws"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_turned(tmp_path_factory.mktemp("turned") / "turned", threshold=0.5)


@pytest.fixture(scope="module")
def turned(folder):
    return vaegen.load(folder, avoid=True)


@pytest.fixture(scope="module")
def plain():
    return vaegen.load(GOLDEN, avoid=True)


def answer(question, model):
    *_, last = question.checked(["turned"]).answers(model)
    return replace(last, **{"python": ""} if hasattr(last, "python") else {})


@pytest.mark.parametrize("view", QUESTIONS)
def test_the_rate_reaches_the_model(view, turned):
    kept, collapsed = (answer(QUESTIONS[view](beta), turned) for beta in (KEPT, COLLAPSED))
    if view == "translate":
        kept, collapsed = kept.cards, collapsed.cards
    assert (kept == collapsed) == (view in SAME)


@pytest.mark.parametrize("view", ["translate", "walk", "inside", "attention"])
def test_a_rate_of_another_checkpoint_is_left_out(view, plain):
    assert answer(QUESTIONS[view](0.1), plain) == answer(QUESTIONS[view](None), plain)


@pytest.mark.parametrize("view", QUESTIONS)
@pytest.mark.parametrize("beta", [0.0, 2, "much", float("nan")])
def test_a_rate_out_of_range_is_refused_in_a_sentence(view, beta):
    with pytest.raises(VaegenError, match=r"^The rate beta is .+; give a number from 0\.003 to 1\.$"):
        QUESTIONS[view](beta).checked(["turned"])


@pytest.mark.parametrize(
    "view", ["walk", "grid", "analogy", "cloud", "sample", "map", "own sentences", "attention", "inside"]
)
def test_copied_python_has_the_rate_and_runs(view, turned, monkeypatch, capsys):
    *_, last = QUESTIONS[view](0.1).checked(["turned"]).answers(turned)
    assert "beta=0.1" in last.python
    monkeypatch.setattr(vaegen, "load", lambda path, avoid: turned)
    exec(last.python, {})  # our own text, made above
    out, texts = capsys.readouterr().out, getattr(last, "texts", {})
    assert out.strip() and all(text in out for text in (texts.values() if isinstance(texts, dict) else texts))


def test_a_latent_of_the_map_is_read_at_the_rate_of_the_map(turned):
    spots = [answer(Spot(A, B, index=5, beta=beta), turned) for beta in (KEPT, COLLAPSED, None)]
    assert len({tuple(spot.texts.items()) for spot in spots}) == 1 and {spot.beta for spot in spots} == {None}
    assert spots[0].path != spots[1].path  # A and B are sentences, and move


def test_what_the_page_asks_has_the_rate():
    for question in VIEWS.values():
        assert question({"a": A, "b": B, "beta": 0.1}).beta == 0.1
        assert question({"a": A, "b": B}).beta is None


def test_active_dimensions_are_those_at_the_rate(turned):
    kept, collapsed = (answer(Inside(A, beta=beta), turned) for beta in (KEPT, COLLAPSED))
    assert sum(kept.active) > sum(collapsed.active) and kept.kl > collapsed.kl


def test_the_page_is_told_of_the_dial(folder):
    service = Service("turned", folder=folder.parent)
    assert _about(service, "turned")["dial"] == {"usual": 0.03, "measured": RATES, "line": None} == dial_of(service, "")
    assert _page(service)["dial"] == {"low": 0.003, "high": 1.0, "sampling": 0.3}
    assert _about(Service(GOLDEN), "multi30k")["dial"] is None
    stub = Service("stub", folder="nowhere", load=StubPipeline)
    assert dial_of(stub, "") is None
    (folder / "latent.json").write_text('{"weights": "0", "rates": {"rows": [{"beta": 1, "kl": 1, "recon": 1}]}}')
    assert dial_of(service, "turned") == {"usual": 0.03, "measured": [], "line": None}  # of other weights


NONSENSE = "Epistemology bores accountants."


def test_an_unsure_answer_says_so_and_names_sentences_that_are_known(turned):
    sure, unsure = (answer(Request(text), turned) for text in (A.text, NONSENSE))
    assert sure.doubt.threshold == 0.5 and not sure.doubt.known and all(card.unsure < 0.5 for card in sure.cards)
    assert any(card.unsure >= 0.5 for card in unsure.cards)
    assert len(unsure.doubt.known) == 3 and {point.language for point in unsure.doubt.known} == {"en"}
    assert all(answer(Request(point.text), turned).cards for point in unsure.doubt.known[:1])
    sampled = answer(Request(NONSENSE, method="sample"), turned)
    assert {card.unsure for card in sampled.cards} == {None} and not sampled.doubt.known


def test_attention_says_it_of_its_own_translation_alone(turned):
    own, given = (answer(Attending(replace(A, text=NONSENSE), target=target), turned) for target in ("", "Ein Hund."))
    assert own.sides[0].unsure >= own.doubt.threshold and own.doubt.known
    assert given.sides[0].unsure is None and not given.doubt.known


def test_a_checkpoint_without_a_measure_of_it_has_no_doubts(plain):
    found = answer(Request(NONSENSE), plain)
    assert found.doubt is None and {card.unsure for card in found.cards} == {None}
