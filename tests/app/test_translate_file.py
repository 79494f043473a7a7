"""A file translated line by line: in order, batch by batch, and refused with the line that is at fault."""

from types import SimpleNamespace

import pytest
from serving import StubPipeline

from vaegen.app.questions.translate_file import BATCH, MAX_LINES, Lines
from vaegen.app.service import Service
from vaegen.errors import VaegenError


class Translator(StubPipeline):
    """Gives every line its language."""

    def generate(self, texts, target_language, **options):
        self.calls.append({"n": len(texts), **options})
        found = [f"{target_language}: {text}" if text else "" for text in texts]
        measured = self.unsure is not None
        return [[SimpleNamespace(text=text, unsure=len(text) / 100 if measured and text else None)] for text in found]


@pytest.fixture
def service(tmp_path):
    (tmp_path / "everyday").mkdir()
    (tmp_path / "everyday" / "config.json").write_text("{}")
    service = Service(folder=tmp_path, load=Translator)
    yield service
    service.close()


def test_every_line_has_its_translation_in_its_place(service):
    lines = ("One.", "", "Three.", *(f"Line {n}." for n in range(BATCH)))
    parts = list(service.stream(Lines(lines, "de")))
    assert [len(part.lines) for part in parts] == [BATCH, BATCH + 3]
    assert not parts[0].is_complete and parts[1].is_complete
    assert parts[1].lines == tuple(f"de: {line}" if line else "" for line in lines)
    assert parts[1].threshold is None and set(parts[1].unsure) == {None}


def test_every_line_says_how_likely_it_is_wrong_where_the_checkpoint_has_a_measure_of_it(service, monkeypatch):
    monkeypatch.setattr(Translator, "unsure", SimpleNamespace(threshold=0.5))
    answer = service.ask(Lines(("One.", "", "Three."), "de"))
    assert answer.unsure == (0.08, None, 0.1) and answer.threshold == 0.5


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lines": ()}, f"1 to {MAX_LINES:,}"),
        ({"lines": ("x",) * (MAX_LINES + 1)}, f"1 to {MAX_LINES:,}"),
        ({"lines": ("fine", "x" * 3000)}, "Line 2"),
        ({"language": "x?"}, "give the code"),
        ({"context": "both"}, "latent"),
        ({"num_beams": 6}, "1 to 5"),
    ],
)
def test_a_refusal_says_what_is_allowed(service, values, said):
    with pytest.raises(VaegenError) as refusal:
        service.ask(Lines(**{"lines": ("A dog.",), "language": "de", **values}))
    assert said in str(refusal.value)
