"""A file translated line by line: in order, batch by batch, and refused with the line that is at fault."""

import pytest
from serving import StubPipeline

from vaegen.app.questions.translate_file import BATCH, MAX_LINES, Lines
from vaegen.app.service import Service
from vaegen.errors import VaegenError


class Translator(StubPipeline):
    """Gives every line its language."""

    def translate(self, texts, target_language, **options):
        self.calls.append({"n": len(texts), **options})
        return [f"{target_language}: {text}" if text else "" for text in texts]


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
