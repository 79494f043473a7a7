"""Figures of summaries, replies and Chinese against counts made by hand and other implementations."""

from types import SimpleNamespace

import pytest
import sacrebleu
import torch

from vaegen.config import ModelConfig, preset
from vaegen.errors import VaegenError
from vaegen.evaluation import tasks as measure
from vaegen.evaluation.reports.cards import results
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.tokenizer import Tokenizer


class Scripted:
    """A pipeline that says what its script has for a source; draws differ by a number."""

    def __init__(self, script, n_slots=4):
        self.script, self.model = script, SimpleNamespace(config=SimpleNamespace(n_slots=n_slots))
        self.tags = tuple(dict.fromkeys(tag for tag, _ in script))

    def translate(self, texts, tag, context="source", **options):
        return [self.script[tag, context].get(text, "") for text in texts]

    def generate(self, texts, tag, n_draws, context, **options):
        names = ("yes", "no", "yes", "perhaps", "no")
        wordings = [names[k] if context == "latent" else "yes" for k in range(n_draws)]
        return [[type("One", (), {"text": wording})() for wording in wordings] for _ in texts]


def test_rouge_counts_words_of_every_alphabet():
    # Of 4 and 3 words, 2 are common, 1 of the bigrams (3 and 2), and the longest common subsequence has 2.
    one, two, long = measure.rouge(["Ein Mädchen liest hier."], ["Das Mädchen liest"])
    assert one == pytest.approx(100 * 2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3), abs=0.01)
    assert two == pytest.approx(100 * 2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2), abs=0.01)
    assert long == one
    assert measure.rouge(["Mädchen"], ["M dchen"]) == [0.0, 0.0, 0.0]  # the package's own tokenizer would say 100
    assert measure.rouge(["a b"], ["b a"])[0] == 100.0 and measure.rouge(["a b"], ["b a"])[2] == 50.0


def test_compression_and_distinct_are_shares_of_all_words():
    assert measure.compression(["a dog", "b"], ["a dog runs, fast!", "b c"]) == 50.0
    assert measure.percent_distinct(["a b a", "a b"], 1) == pytest.approx(100 * 2 / 5)
    assert measure.percent_distinct(["a b a", "a b"], 2) == pytest.approx(100 * 2 / 3)
    assert measure.percent_distinct([""], 2) == 0.0


def test_summaries_stand_beside_the_source_and_its_first_words():
    groups = [{"en": "one two three four five", "en.brief": "one two", "en.trimmed": "one two three four"}]
    says = {("en." + task, context): {"one two three four five": "one two"} for task in ("brief", "short", "trimmed")
            for context in ("source", "latent")}  # fmt: skip
    table = measure.summaries(Scripted(says), groups, "en")
    rows = {row[0]: row[1:] for row in table["rows"]}
    assert rows["`en.brief`, source"] == rows["its first 2 words"] == [100.0, 100.0, 100.0, 40.0]
    assert rows["the source itself"][3] == 100.0 and rows["the source itself"][0] == pytest.approx(57.14)  # 2 of 5 and of 2
    assert "N = 1" in table["title"] and "40.0 %" in table["title"] and len(table["header"]) == len(table["rows"][0])


def test_own_summaries_may_have_one_tag_and_other_languages():
    groups = [{"de": "eins zwei", "es": "uno dos tres cuatro", "es.short": "uno dos"}, {"es": "sin resumen"}]
    says = {("es.short", context): {"uno dos tres cuatro": "uno dos"} for context in ("source", "latent")}
    table = measure.summaries(Scripted(says), groups, "es", captions=False)
    assert [row[0] for row in table["rows"]][2:] == ["`es.short`, source", "`es.short`, latent"]
    assert table["rows"][2][1:] == [100.0, 100.0, 100.0, 50.0]
    assert table["title"] == "es: from a text to its shortest summary, N = 1; the shortest has 50.0 % of the words"
    with pytest.raises(VaegenError, match=r"no text in es with a summary .* has es and one of es.short"):
        measure.summaries(Scripted(says), groups[1:], "es")


def test_a_task_is_measured_on_what_was_learned():
    def sets(kind, chosen, *learned):
        return measure.test_sets(kind, chosen, learned)

    assert sets("reply", None, "dailydialogpp", "dialogue") == sets("reply", None) == ["dailydialogpp"]
    assert sets("reply", None, "own", "more") == ["own"] and sets("summarise", "mine", "captions-short") == ["mine"]
    assert sets("chinese", None, "own") == ["own"] and sets("chinese", None, "flickr8k-zh") == ["flickr8k-zh"]
    assert sets("chinese", None) == ["tatoeba-zh", "flickr8k-zh"]
    tags = ("en", "de", "en.short", "de.brief", "de.short")
    assert measure.task_languages(tags, "summarise", [{"en": "a", "de": "b", "de.short": "c"}]) == ["de"]
    assert measure.task_languages(tags, "summarise", []) == ["en", "de"]


REPLIES = ["yes I do", "no I do not", "I think so", "why do you ask", "not at all"]
TEST = [{"en": "Do you like it?", "en.reply": reply} for reply in REPLIES] + [{"en": "Once.", "en.reply": "Yes."}]
TRAINING = [{"en": "Do you like cats?", "en.reply": "no I do not"}, {"en": "Hello.", "en.reply": "Hi."},
            {"en": "Good morning.", "en.reply": "Hi."}]  # fmt: skip


def test_replies_are_scored_against_five_people_beside_cheap_ones():
    assert measure.human_replies(TEST) == (["Do you like it?"], [REPLIES])
    says = {("en.reply", context): {"Do you like it?": "I think not"} for context in ("source", "latent")}
    rows = measure.replies(Scripted(says), TEST, TRAINING)["rows"]
    assert [row[0] for row in rows][:3] == [
        "the most frequent reply, “Hi.”", "the model's own most frequent reply to all of them, “I think not”",
        "the reply to the most similar context of the training text (TF-IDF)",
    ]  # fmt: skip
    assert rows[2][1] == 100.0  # "no I do not" is one of the five
    assert rows[3][1] == round(sacrebleu.corpus_bleu(["I think not"], [[reply] for reply in REPLIES]).score, 2)
    assert rows[3][1] == rows[1][1] and rows[3][2:] == [100.0, 100.0]


def test_draws_are_compared_with_five_people():
    rows = {row[0]: row[1:] for row in measure.several_replies(Scripted({}), TEST)["rows"]}
    assert rows["five people"][1] == 5.0
    assert rows["5 draws, source, greedy words"][1:] == [1.0, 20.0, 0.0]  # "yes" five times: one of five words
    assert rows["5 draws, latent, words sampled at 0.8"][1:] == [3.0, 60.0, 0.0]


@pytest.mark.parametrize("n", [1, 3])
def test_own_replies_may_be_fewer_than_five_and_in_another_language(n):
    groups = [{"es": f"¿vienes con {i}?", "es.reply": f"sí {k}"} for i in range(4) for k in range(n)]
    groups.append({"es": "¿vienes ahora?", "es.reply": "no"})
    contexts, references = measure.human_replies(groups, "es")
    assert len(contexts) == (5 if n == 1 else 4) and {len(several) for several in references} == {n}
    pipeline = Scripted({("es.reply", context): {} for context in ("source", "latent")})
    one, several = measure.replies(pipeline, groups, groups, "es"), measure.several_replies(pipeline, groups, "es")
    assert one["header"][1] == ("BLEU, 1 reference" if n == 1 else "BLEU, 3 references")
    assert one["rows"][-1][0] == "`es.reply`, latent"
    assert several["title"].endswith(f"contexts, BLEU with {n}")
    assert [row[0] for row in several["rows"]][:1] == (
        ["5 draws, source, greedy words"] if n == 1 else ["3 people, different ones of 3"]
    )
    with pytest.raises(VaegenError, match=r"no text in es with a reply .* has es and es.reply"):
        measure.human_replies([], "es")
    with pytest.raises(VaegenError, match=r"training text has no es.reply"):
        measure.replies(pipeline, groups, [], "es")


def test_a_model_without_a_latent_is_measured_in_its_one_context():
    torch.manual_seed(0)
    tags = ("en", "zh", "en.brief", "en.short", "en.trimmed", "en.reply")
    tokenizer = Tokenizer.train([*REPLIES, "一只狗。"] * 3, 400, tags)
    model = VAETransformer(ModelConfig(tokenizer.vocab_size, tags, **{**preset("tiny")[0], "n_slots": 0}))
    pipeline, greedy = Pipeline(model, tokenizer), {"num_beams": 1, "max_length": 8}

    def names(table):
        assert {len(row) for row in table["rows"]} == {len(table["header"])}
        return [row[0] for row in table["rows"]]

    short = measure.summaries(pipeline, [{"en": "yes I do", "en.brief": "yes"}], "en", **greedy)
    assert names(short)[2:] == ["`en.brief`, source", "`en.short`, source", "`en.trimmed`, source"]
    assert names(measure.replies(pipeline, TEST, TRAINING, **greedy))[3:] == ["`en.reply`, source"]
    several = measure.several_replies(pipeline, TEST, max_length=8)
    assert names(several) == ["five people", "5 draws, source, words sampled at 0.8"]
    assert several["rows"][1][2] > 1  # the words differ from draw to draw
    table = measure.chinese(pipeline, {"x": [{"en": "yes I do", "zh": "一只狗。"}]}, **greedy)
    assert names(table) == ["x, en-zh", "x, zh-en"] and not any("latent" in name for name in table["header"])


def test_chinese_is_scored_by_characters_beside_copying():
    dog, hund = "A dog runs home.", "一只狗跑回家。"
    says = {("zh", "source"): {dog: hund}, ("zh", "latent"): {dog: "一只猫跑回家。"}}
    says |= {("en", "source"): {hund: dog}, ("en", "latent"): {hund: "A cat ran."}}
    table = measure.chinese(Scripted(says), {"x": [{"en": dog, "zh": "一隻狗跑回家。"}] * 2})
    there, back = table["rows"]
    assert there[:4] == ["x, en-zh", 2, 100.0, 100.0] and 0 < there[4] < 100
    assert there[6] == 0.0 and back[2] == 100.0 and back[7] < 5


def test_the_readme_has_a_table_for_each_task():
    tables = [{"title": "Summaries", "header": ["summary", "ROUGE-1"], "rows": [["`en.short`", 12.5]]}]
    evaluation = {"split": "x test", "num_beams": 5, "command": "python x", "tasks": tables, "latent": {}}
    text = results("small", {"parameters": 3_000_000, "evaluation": evaluation})
    assert "### `small`: 3.0 M parameters, x test set, beam 5" in text and "Summaries:\n\n| summary | ROUGE-1 |" in text
    assert "| `en.short` | 12.5 |" in text
