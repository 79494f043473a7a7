"""Tags with a task: their names, what suits a source, and how tokenizer, batches, pipeline and views treat them."""

import numpy as np
import pytest
import torch
from tagged import SPANISH, TAGS, save_tagged

import vaegen
from vaegen.app.questions.attention import Attending
from vaegen.app.questions.inside import Inside
from vaegen.app.questions.interpolate_around import Analogy, Cloud, Grid
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.points import Point
from vaegen.app.questions.sample import Draws, Move
from vaegen.app.questions.translate import OtherWays, Request
from vaegen.app.questions.translate_file import Lines
from vaegen.app.service import Service
from vaegen.config import TrainConfig
from vaegen.data.batches import TrainingData, tokenize
from vaegen.errors import VaegenError
from vaegen.evaluation.bounds import reconstruction_nats
from vaegen.text.tags import kind_of, languages_of, summary_task, tag_name, targets_for
from vaegen.text.tokenizer import Tokenizer
from vaegen.training import validation
from vaegen.training.validation import Validation

SUMMARIES = TAGS["summaries"]
A, B = Point("A dog runs through the snow.", "en"), Point("Two men sing.", "en")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tagged(tmp_path_factory.mktemp("tagged"))


@pytest.fixture(scope="module")
def service(folder):
    service = Service("plain", folder=folder, max_models=4)
    yield service
    service.close()


def test_names_kinds_and_what_suits_a_source():
    assert [tag_name(tag) for tag in ("zh", "en.short", "en.reply", "xx.odd")] == [
        "Chinese", "English, short", "English, reply", "xx, odd",
    ]  # fmt: skip
    assert languages_of(SUMMARIES) == ("en", "de")
    assert targets_for(SUMMARIES, "de") == ("de", "de.brief", "de.short", "de.trimmed")
    assert targets_for(("en", "zh"), "zh") == ("en", "zh")
    kinds = {name: kind_of(tags) for name, tags in TAGS.items()}
    assert kind_of(("en", "de", "fr", "cs", "zh")) == "translate"
    assert kinds == {"chinese": "chinese", "dialogue": "reply", "plain": "translate", "summaries": "summarise"}


def test_a_summary_is_named_by_its_share_of_the_words():
    assert [summary_task(n, 20) for n in (8, 9, 12, 13, 17, 18)] == ["brief", "short", "short", "trimmed", "trimmed", None]


def test_a_tag_with_a_task_is_written_and_never_read():
    tokenizer = Tokenizer.train(["long text here", "short"] * 3, 300, ("en", "en.short"))
    assert tokenizer.language_ids == {"en": 3, "en.short": 4}
    assert tokenizer.decode([4, *tokenizer.encode("<en.short> short")]) == "<en.short> short"
    texts = [{"en": "long text here", "en.short": "short"}] * 40 + [{"en.short": "short"}]
    groups, _ = tokenize(texts, tokenizer, 60)
    items = [item for batch in TrainingData([(groups, 1.0)], tokenizer, TrainConfig()).plan(0) for item in batch]
    assert len(items) == 40 and {item.source for item in items} == {"en"}  # the summary without its source is of no use
    assert all(item.targets[0] == "en.short" for item in items)
    assert 0 < sum(item.targets == ("en.short", "en") for item in items) < 40  # sometimes the source itself, too
    held = Validation(groups, texts, tokenizer, ("en-en.short",))
    assert {(item.source, item.targets) for item in held.items} == {("en", ("en.short",))} and len(held.items) == 40


def test_the_pipeline_writes_tags_and_reads_languages(folder):
    pipeline = vaegen.load(folder / "summaries", device="cpu")
    assert pipeline.languages == ("en", "de") and pipeline.tags == SUMMARIES
    assert pipeline.detect_language("Une femme attend le bus.") in ("en", "de")
    texts = [A.text, B.text]
    short = pipeline.translate(texts, "en.short", num_beams=1)
    assert short == [found[0].text for found in pipeline.generate(texts, "en.short", num_beams=1)]
    assert short != pipeline.translate(texts, "en", num_beams=1)  # another tag, another text
    z = pipeline.encode(texts).mode
    assert pipeline.decode(z, ["en.short", "de"]) == [pipeline.decode(z[:1], "en.short")[0], pipeline.decode(z[1:], "de")[0]]
    with pytest.raises(VaegenError, match=r"no language 'en.reply'; this model has en, de, en.brief"):
        pipeline.translate(texts, "en.reply")


def test_a_chinese_model_reads_traditional_characters_as_simplified_ones(folder):
    pipeline = vaegen.load(folder / "chinese", device="cpu")
    both = pipeline.encode(["兩個孩子在沙灘上玩。", "两个孩子在沙滩上玩。"]).mode
    assert torch.equal(both[0], both[1])
    nats = reconstruction_nats(pipeline, ["兩個孩子在沙灘上玩。", "两个孩子在沙滩上玩。"], both, "zh")
    assert float(nats[0]) == pytest.approx(float(nats[1]), rel=1e-5)
    assert pipeline.detect_language("两个孩子在沙滩上玩。") == "zh"


def test_chinese_is_validated_in_the_characters_that_a_model_writes(folder, monkeypatch):
    pipeline = vaegen.load(folder / "chinese", device="cpu")
    texts, wanted = [{"en": "A dog.", "zh": "兩個孩子在沙灘上玩。"}] * 2, pipeline.tokenizer.encode("两个孩子在沙滩上玩。")
    groups, _ = tokenize(texts, pipeline.tokenizer, 60)
    assert groups[0]["zh"] == wanted
    monkeypatch.setattr(validation, "greedy", lambda *_: [wanted] * 2)
    figures, _ = Validation(groups, texts, pipeline.tokenizer, ("en-zh",)).run(pipeline.model)
    assert figures["bleu_en-zh_source"] == pytest.approx(100.0)


def test_the_service_knows_what_checkpoints_write_without_loading_them(folder):
    service = Service("plain", folder=folder, load=lambda path: pytest.fail("loaded"))
    assert {name: service.tags(name) for name in service.checkpoints} == TAGS and service.tags() == TAGS["plain"]
    with pytest.raises(VaegenError, match="There is no checkpoint"):
        service.tags("nobody")


@pytest.mark.parametrize("name", ["chinese", "dialogue", "summaries"])
def test_every_view_shows_what_the_checkpoint_writes(service, name):
    there = targets_for(TAGS[name], "en")
    other = next(tag for tag in there if tag != "en")
    cards = service.ask(Request(A.text, name, num_beams=1)).cards
    assert tuple(card.language for card in cards) == there
    assert [card.is_reconstruction for card in cards] == [tag == "en" for tag in there]
    assert sum(v.n_draws for v in service.ask(OtherWays(Request(A.text, name, num_beams=1), other, 3)).variants) == 3
    assert service.ask(Walk(A, B, name, steps=3, exact=False)).languages == there
    assert service.ask(Walk(A, B, name, steps=3, exact=False, languages=(other,))).languages == (other,)
    assert tuple(service.ask(Analogy(A, B, A, name)).texts) == there
    assert tuple(service.ask(Move(A, B, name)).texts) == there
    assert tuple(service.ask(Draws(2, languages=("fr",), checkpoint=name)).draws[0].texts) == there
    assert service.ask(Grid(A, B, A, B, name, 3, "cs")).language == other
    assert service.ask(Cloud(A, name, n_draws=2, language=other)).language == other
    inside = service.ask(Inside(A, name, "fr"))
    assert inside.language == other and inside.checkpoint["tasks"][0]["title"] == "Replies"
    side = service.ask(Attending(A, None, name, "de")).sides[0]
    assert side.language == other and np.isfinite(side.log_prob)
    assert len(service.ask(Lines((A.text, ""), other, checkpoint=name)).lines) == 2


def test_views_refuse_in_a_sentence_what_a_checkpoint_cannot_read(service):
    french = Point("Une femme attend le bus.", "fr")
    for question in (Walk(french, B, "dialogue"), Request(french.text, "dialogue", "fr"), Inside(french, "dialogue")):
        with pytest.raises(VaegenError, match="This checkpoint reads English, not French; take another sentence"):
            service.ask(question)
    with pytest.raises(VaegenError, match=r"There is no language 'xx\.short'; this model has en, de, fr, cs"):
        service.ask(OtherWays(Request(A.text), "xx.short"))
    with pytest.raises(VaegenError, match=r"There is no language 'en\. <b>'; give the code"):
        service.ask(OtherWays(Request(A.text), "en. <b>"))


def test_views_know_the_languages_of_the_checkpoint_and_no_others(tmp_path):
    service = Service("spanish", folder=save_tagged(tmp_path, SPANISH))
    spanish = Point("Un perro corre.", "es")
    cards = service.ask(Request(spanish.text, source_language="es")).cards
    assert [(card.language, card.is_reconstruction) for card in cards] == [("en", False), ("es", True)]
    assert sum(v.n_draws for v in service.ask(OtherWays(Request(A.text, num_beams=1), "es", 3)).variants) == 3
    assert len(service.ask(Lines((A.text,), "es")).lines) == 1
    assert service.ask(Attending(A, None, "", "es")).sides[0].language == service.ask(Inside(A, "", "es")).language == "es"
    assert service.ask(Walk(A, spanish, steps=3, exact=False, languages=("es", "en", "es"))).languages == ("en", "es")
    assert tuple(service.ask(Analogy(A, B, A, languages=("es",))).texts) == ("es",)
    assert tuple(service.ask(Move(A, B)).texts) == ("en", "es")
    for question in (Lines((A.text,), "pt"), Attending(A, None, "", "pt"), Walk(A, B, languages=("es", "pt"))):
        with pytest.raises(VaegenError, match=r"There is no language 'pt'; this (model|checkpoint) has en, es\."):
            service.ask(question)
    with pytest.raises(VaegenError, match="This checkpoint reads English, es, not pt; take another sentence"):
        service.ask(Walk(Point("Um cachorro corre.", "pt"), B))
    service.close()
