"""The lessons as documents: the same in five languages, and a wrong file told with its line."""

import re
from dataclasses import asdict

import pytest
from serving import GOLDEN, StubPipeline

from vaegen.app.lessons.documents import HERE, LANGUAGES, own_lessons, read_folder, read_lesson
from vaegen.app.lessons.measures import MEASURES, NEEDS
from vaegen.app.lessons.offer import lessons_for
from vaegen.app.service import Service
from vaegen.app.static import WEB
from vaegen.errors import VaegenError

IDS = ["latent", "draw", "bound", "dial", "collapse", "prior", "walk", "directions", "attention", "decoding", "subwords"]
GOOD = """---
title: Mine
minutes: 5
about: What is mine.
sentence: {text: A dog sleeps., language: en}
steps:
  - page: {tab: inside, settings: {shown: std}}
    text: |
      Two
      lines.

      And a paragraph with <b>marks</b> of HTML.
    question: How large is the KL?
    choices: [No, "Yes: large"]
    measure: kl_share
    outcomes:
      - below: 50
        choice: 1
        say: "{value} % of {kl} and {recon}."
      - choice: 2
        say: More.
---
What one
has seen.
"""


def structure(lesson):
    """What is the same in every language: all but the words, and of these the figures that they fill in."""
    data = asdict(lesson)
    for step in data["steps"]:
        step["choices"] = len(step["choices"])
        for name in ("text", "question", "line", "measure_line"):
            del step[name]
        for outcome in step["outcomes"]:
            outcome["say"] = sorted(set(re.findall(r"\{\w+\}", outcome["say"])))
    return {name: data[name] for name in ("id", "file", "minutes", "sentence", "second", "steps")}


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_lessons_are_the_same_in_every_language(code):
    found, english = read_folder(HERE / code), read_folder(HERE / "en")
    assert [lesson.id for lesson in found] == IDS
    for lesson, other in zip(found, english, strict=True):
        assert structure(lesson) == structure(other)
        assert 5 <= lesson.minutes <= 8 and len(lesson.steps) >= 3
        assert code == "en" or lesson.title != other.title
        for step in lesson.steps:
            assert len(set(step.choices)) == len(step.choices) and step.question.endswith(("?", "？"))


def test_every_choice_but_few_can_be_the_right_one():
    """A question whose answer is always the same is none: every step can say of at least two choices that they are right."""
    for lesson in read_folder(HERE / "en"):
        for step in lesson.steps:
            assert len({outcome["choice"] for outcome in step.outcomes}) >= 2, step.question


def test_texts_hold_no_figure_of_a_checkpoint():
    """Weights are replaced, texts stay: what was measured is filled in."""
    for code in LANGUAGES:
        for lesson in read_folder(HERE / code):
            said = " ".join(outcome["say"] for step in lesson.steps for outcome in step.outcomes) + lesson.learned
            assert not re.search(r"\d+[.,]\d", re.sub(r"[Tt]op-p\s0[.,]5", "", said)), lesson.title


def test_the_page_measures_what_the_documents_may_name():
    script = (WEB / "lessons" / "measures.js").read_text(encoding="utf-8")
    body = script[script.index("export const MEASURES") :]
    assert set(re.findall(r"^  (\w+)[(:]", body, re.MULTILINE)) == set(MEASURES)
    assert {need for measure in MEASURES.values() for need in measure.needs} <= set(NEEDS)
    used = {step.measure for lesson in read_folder(HERE / "en") for step in lesson.steps}
    assert used <= set(MEASURES)


def test_a_lesson_is_read(tmp_path):
    path = tmp_path / "01-mine.md"
    path.write_text(GOOD, encoding="utf-8")
    lesson = read_lesson(path)
    assert (lesson.id, lesson.title, lesson.learned) == ("mine", "Mine", "What one has seen.")
    (step,) = lesson.steps
    assert step.choices == ("No", "Yes: large")  # no `false`
    assert step.text == "Two lines.\n\nAnd a paragraph with <b>marks</b> of HTML."
    assert step.page == {"tab": "inside", "mark": "", "beta": "usual", "settings": {"shown": "std"}}
    assert own_lessons(tmp_path)["cs"] == (lesson,)
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "01-mine.md").write_text(GOOD.replace("title: Mine", "title: Meine"), encoding="utf-8")
    assert [own_lessons(tmp_path)[code][0].title for code in ("de", "fr")] == ["Meine", "Mine"]


WRONG = [
    ("tab: inside", "tab: nowhere", "line 7: the view 'nowhere' is unknown; take one of translate, "),
    ("choices: [No, ", "options: [No, ", "line 14: options is unknown; here belong page, compare, text, "),
    ('choices: [No, "Yes: large"]', "choices: [No]", "line 14: choices has to be a list of 2 or more."),
    ("measure: kl_share", "measure: kl_shore", "line 15: the measure 'kl_shore' is unknown"),
    ("tab: inside, settings: {shown: std}", "tab: sample", "line 15: the measure kl_share is taken in the view inside"),
    ("{tab: inside, settings: {shown: std}}", "{tab: inside, settings: {shown: it}}", "line 7: the value 'it' is unknown"),
    ("{shown: std}", "{steps: 3}", "line 7: the setting 'steps' is unknown"),
    ("measure: kl_share", "measure: kl_times", "line 15: the measure kl_times needs what to compare with (`compare`)."),
    ("choice: 2", "choice: 3", "line 20: choice is '3'; give a number from 1 to 2."),
    ("- below: 50\n        choice", "- choice", "line 17: every outcome but the last says `below`"),
    ("{recon}", "{gold}", "line 19: the figure 'gold' is unknown; take one of value, kl, recon."),
    ("minutes: 5", "minutes: long", "line 3: minutes is 'long'; give a number from 1 to 60."),
    ("about: What is mine.\n", "", "line 2: about is missing, or no text."),
    ("question: How", "question: [How", "line 13: this is no YAML"),
    ("What one\nhas seen.\n", "", "line 1: below the front matter belongs what one has seen."),
    ("---\ntitle", "title", "line 1: a lesson begins with front matter between two lines of ---"),
    ("sentence: {text: A dog sleeps., language: en}", "sentence: A dog.", "line 5: here belong text, language."),
    ("minutes: 5", "minutes: 5\nminutes: 6", "line 4: minutes stands here twice."),
]


@pytest.mark.parametrize(("part", "wrong", "said"), WRONG)
def test_a_wrong_lesson_is_told_with_its_file_and_line(tmp_path, part, wrong, said):
    path = tmp_path / "mine.md"
    assert part in GOOD
    path.write_text(GOOD.replace(part, wrong, 1), encoding="utf-8")
    with pytest.raises(VaegenError) as refusal:
        read_lesson(path)
    assert str(refusal.value).startswith("mine.md, " + said)
    assert str(tmp_path) not in str(refusal.value)


def test_a_folder_of_lessons_has_some_and_none_of_our_names(tmp_path):
    with pytest.raises(VaegenError, match="holds no lesson"):
        own_lessons(tmp_path)
    (tmp_path / "walk.md").write_text(GOOD, encoding="utf-8")
    with pytest.raises(VaegenError, match=r"walk\.md, line 1: there is a lesson walk already"):
        own_lessons(tmp_path)
    (tmp_path / "walk.md").rename(tmp_path / "My Walk.md")
    with pytest.raises(VaegenError, match=r"My Walk\.md, line 1: a lesson's file is named like"):
        own_lessons(tmp_path)


def test_a_lesson_is_shown_with_a_checkpoint_that_can_show_it(tmp_path):
    offered = {lesson["id"]: lesson for lesson in lessons_for(Service(GOLDEN))["de"]}
    assert list(offered) == IDS and not any(lesson["problem"] for lesson in offered.values())
    assert offered["walk"]["checkpoint"] == "" and offered["collapse"]["checkpoint"] == "everyday"
    stub = {lesson["id"]: lesson for lesson in lessons_for(Service("stub", folder="nowhere", load=StubPipeline))["en"]}
    assert stub["collapse"]["problem"] == {"needs": ["dial"], "file": "", "line": 20} and not stub["collapse"]["steps"]
    assert len(stub["walk"]["steps"]) == 3
    path = tmp_path / "mine.md"
    path.write_text(GOOD.replace("kl_share", "paid_share"), encoding="utf-8")
    mine = lessons_for(Service("stub", folder="nowhere", load=StubPipeline), tmp_path)["en"][-1]
    assert mine["problem"] == {"needs": ["dial"], "file": "mine.md", "line": 15}
