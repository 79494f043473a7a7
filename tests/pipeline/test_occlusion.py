"""Taking a word away goes the way of every translation: around listed words, and counted."""

import pytest

import vaegen
from vaegen.app.questions.attention import Attending
from vaegen.app.questions.points import Point
from vaegen.app.service import CHECKPOINTS
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.sensitive import WordList

TEXT = "A brown dog runs."


@pytest.fixture(scope="module")
def free():
    return vaegen.load(CHECKPOINTS / "multi30k")


@pytest.fixture(scope="module")
def led(free):
    return Pipeline(free.model, free.tokenizer, avoid=WordList({"de": ["Hund"]}))


def test_a_listed_word_is_not_written_when_a_word_is_taken_away(free, led):
    assert "Hund" in "".join(free.occlude(TEXT, 1, "de").after)  # what the model would write
    before = led.n_avoided
    found = led.occlude(TEXT, 1, "de")
    assert "Hund" not in "".join(found.after) and "".join(found.after).strip()
    assert led.n_avoided == before + 2  # its own translation and that of what is left
    (*_, answer) = Attending(Point(TEXT, "en"), without=1).checked(["multi30k"]).answers(led)
    assert "Hund" not in "".join(answer.without.after)


def test_one_call_may_ask_for_its_own_list(free, led):
    assert "Hund" in "".join(led.occlude(TEXT, 1, "de", avoid=False).after)
    assert "Hund" not in "".join(free.occlude(TEXT, 1, "de", avoid=WordList({"de": ["Hund"]})).after)


def test_the_same_as_a_sentence_that_never_had_the_word(free):
    found = free.occlude(TEXT, 1, "de", target_text="Ein brauner Hund rennt.")
    assert found.text == "A dog runs." and "".join(found.after).strip() == free.translate("A dog runs.", "de")
    assert found.log_prob_before == pytest.approx(sum(free.score(TEXT, "Ein brauner Hund rennt.", "de")[0]), abs=1e-3)


@pytest.mark.parametrize(
    ("asked", "said"), [((9, "de"), "has 5"), ((1, "xx"), "no language"), ((1, "de", "moon"), "context")]
)
def test_what_cannot_be_asked_is_said(free, asked, said):
    with pytest.raises(vaegen.VaegenError, match=said):
        free.occlude(TEXT, *asked)
