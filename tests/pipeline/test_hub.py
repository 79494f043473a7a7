"""Checkpoints go to a Hub and come back whole, and transformers knows them; the Hub is one on this machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from local_hub import TOKEN, running

import vaegen
from vaegen.app.service import CHECKPOINTS
from vaegen.errors import VaegenError
from vaegen.model.checkpoint import weights_hash
from vaegen.model.companions import PARTS, parts_of

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["A dog runs through the snow.", "Two men sing."]


@pytest.fixture
def hub(tmp_path):
    """A Hub, and a function that runs code in a process of its own that calls it; the code prints its result as JSON."""
    with running() as (server, address):

        def run(code, *arguments, token=TOKEN, **variables):
            environment = os.environ | {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
            environment |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "OMP_NUM_THREADS": "1"}
            environment |= {"HF_TOKEN": token, "HF_HUB_DISABLE_TELEMETRY": "1", **variables}
            command = [sys.executable, "-c", f"import json, sys\nimport vaegen\n{code}", *map(str, arguments)]
            done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stderr[-3000:]
            return json.loads(done.stdout.splitlines()[-1])

        yield server, run


def test_every_file_of_the_shipped_checkpoints_is_on_the_list():
    for folder in CHECKPOINTS.iterdir():
        there = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        assert there - set(parts_of(folder)) <= {Path("lm/generation_config.json")}, folder.name
    assert not any(part.endswith((".bin", ".pt", ".py", "*")) for part in PARTS)


def test_what_is_saved_has_all_that_was_loaded(tmp_path):
    source = CHECKPOINTS / "everyday"
    pipeline = vaegen.Pipeline.from_pretrained(source, engine="torch")
    pipeline.save_pretrained(tmp_path / "copy")
    assert parts_of(tmp_path / "copy") == parts_of(source) and weights_hash(tmp_path / "copy") == weights_hash(source)
    copy = vaegen.Pipeline.from_pretrained(tmp_path / "copy", engine="torch")
    assert copy.translate(TEXTS, "de") == pipeline.translate(TEXTS, "de")
    assert copy.priors == pipeline.priors and copy.directions.names == pipeline.directions.names
    assert copy.sample(1, "fr", seed=1, prior="flow") == pipeline.sample(1, "fr", seed=1, prior="flow")


def test_a_model_that_was_trained_on_leaves_behind_what_was_made_from_its_old_weights(tmp_path):
    pipeline = vaegen.Pipeline.from_pretrained(CHECKPOINTS / "everyday", engine="torch")
    pipeline.model.embedding.weight.data[300] += 0.5
    pipeline.save_pretrained(tmp_path / "new")
    assert {path.name for path in parts_of(tmp_path / "new")} >= {"config.json", "tokenizer.json", "tokenizer_config.json"}
    assert not (tmp_path / "new" / "priors.safetensors").exists() and not (tmp_path / "new" / "README.md").exists()
    assert weights_hash(tmp_path / "new") != weights_hash(CHECKPOINTS / "everyday")


def test_a_place_that_cannot_be_written_is_said(tmp_path, tiny_model, tokenizer):
    (tmp_path / "file").write_text("")
    with pytest.raises(VaegenError, match="cannot be written"):
        vaegen.Pipeline(tiny_model, tokenizer).save_pretrained(tmp_path / "file" / "checkpoint")


ROUND = """
pipeline = vaegen.Pipeline.from_pretrained(sys.argv[1])
url = pipeline.push_to_hub("someone/everyday")
back = vaegen.Pipeline.from_pretrained("someone/everyday", cache_dir=sys.argv[2], revision=url.split("/")[-1])
texts = json.loads(sys.argv[3])
same = pipeline.translate(texts, "de") == back.translate(texts, "de")
flow = pipeline.sample(1, "fr", seed=1, prior="flow") == back.sample(1, "fr", seed=1, prior="flow")
print(json.dumps([same, flow, back.name, str(back.folder), len(back.map())]))
"""


def test_a_checkpoint_goes_to_the_hub_and_comes_back_whole(hub, tmp_path):
    server, run = hub
    same, flow, name, folder, points = run(ROUND, CHECKPOINTS / "everyday", tmp_path / "cache", json.dumps(TEXTS))
    assert same and flow and name == "everyday" and points > 1000
    parts = parts_of(CHECKPOINTS / "everyday")
    assert parts_of(folder) == parts and Path(folder).is_relative_to(tmp_path / "cache")
    assert server.repos["someone/everyday"][-1][1].keys() == {".gitattributes", *map(str, parts)}
    assert len(server.repos["someone/everyday"]) == 2  # made, then filled in one commit
    # Without a network the cache serves, and what is not in it is said.
    offline = "print(json.dumps(vaegen.Pipeline.from_pretrained('someone/everyday', cache_dir=sys.argv[1]).tags))"
    assert run(offline.replace("everyday'", "everyday', revision=sys.argv[2]"), tmp_path / "cache", Path(folder).name,
               HF_HUB_OFFLINE="1")[:2] == ["en", "de"]  # fmt: skip


AUTO = """
from transformers import AutoConfig, AutoModel, AutoModelForSeq2SeqLM, AutoTokenizer, pipeline
where, texts = sys.argv[1], json.loads(sys.argv[2])
own = vaegen.Pipeline.from_pretrained(where).translate(texts, "de")
tokenizer = AutoTokenizer.from_pretrained(where)
batch = tokenizer(texts, padding=True, return_tensors="pt")
model = AutoModel.from_pretrained(where)
ids = model.generate(**batch, tgt_lang="de")
posterior = model(**batch).mu - vaegen.load(model.pipeline.folder).encode(texts).mu
task = pipeline("translation", model=where)
print(json.dumps({
    "config": AutoConfig.from_pretrained(where).shape.n_slots,
    "tokens": [tokenizer.pad_token, tokenizer.eos_token, tokenizer.model_max_length, batch["input_ids"][:, -1].tolist()],
    "typed": tokenizer("</s>")["input_ids"].count(1),
    "own": own, "generated": tokenizer.batch_decode(ids, skip_special_tokens=True),
    "far": posterior.abs().max().item(),
    "task": [one["translation_text"] for (one,) in task(texts, tgt_lang="de")],
    "seq2seq": type(AutoModelForSeq2SeqLM.from_pretrained(where)).__name__,
}))
"""


def test_transformers_knows_a_checkpoint_of_the_hub(hub):
    server, run = hub
    folder = CHECKPOINTS / "everyday"
    server.commit("someone/everyday", {str(part): (folder / part).read_bytes() for part in parts_of(folder)})
    found = run(AUTO, "someone/everyday", json.dumps(TEXTS))
    assert found["own"] == found["generated"] == found["task"] and "Hund" in found["own"][0]
    assert found["config"] == 8 and found["seq2seq"] == "VaegenModel" and found["far"] < 1e-4
    assert found["tokens"] == ["<pad>", "</s>", 512, [1, 0]]  # the longer text ends with its end, the other with padding
    assert found["typed"] == 1  # the end token that the tokenizer adds, none that was typed


TOLD = """
said = []
for options in json.loads(sys.argv[1]):
    try:
        vaegen.Pipeline.from_pretrained(**options)
        said.append("")
    except vaegen.VaegenError as error:
        said.append(str(error))
try:
    vaegen.Pipeline.from_pretrained(sys.argv[2], engine="torch").push_to_hub("someone/new")
except vaegen.VaegenError as error:
    said.append(str(error))
print(json.dumps(said))
"""


def test_what_the_hub_refuses_is_said_in_a_sentence(hub):
    server, run = hub
    folder = CHECKPOINTS / "collapsed"
    files = {str(part): (folder / part).read_bytes() for part in parts_of(folder)}
    server.commit("someone/secret", files)
    server.commit("someone/half", {name: data for name, data in files.items() if not name.startswith("model")})
    server.private.add("someone/secret")
    options = [
        {"path_or_hub_id": "someone/nothing"},
        {"path_or_hub_id": "someone/secret"},
        {"path_or_hub_id": "someone/secret", "token": TOKEN},
        {"path_or_hub_id": "someone/half", "revision": "gone"},
        {"path_or_hub_id": "someone/half"},
    ]
    missing, private, opened, revision, half, write = run(TOLD, json.dumps(options), folder, token="hf_of_a_stranger")
    assert "no such repository" in missing and "no such repository, or it is private" in private and opened == ""
    assert "no revision 'gone'" in revision and "no model.safetensors" in half and "right to write" in write
    (nowhere, *_) = run(TOLD, json.dumps(options[:1]), folder, HF_ENDPOINT="http://127.0.0.1:9")
    assert "cannot be reached" in nowhere


@pytest.mark.parametrize("first", ["transformers", "vaegen"])
def test_transformers_is_told_whoever_is_imported_first_and_import_vaegen_brings_none_of_it(first):
    code = f"""import sys, {first}
assert "{first}" == "transformers" or not {{"torch", "transformers"}} & sys.modules.keys()
from transformers import AutoConfig
import vaegen
assert type(AutoConfig.from_pretrained({str(CHECKPOINTS / "tatoeba")!r})).__name__ == "VaegenConfig"
from transformers.pipelines import PIPELINE_REGISTRY
assert "translation" in PIPELINE_REGISTRY.get_supported_tasks()"""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-2000:]


def test_a_checkpoint_of_before_gets_what_transformers_needs_when_it_is_saved(tmp_path):
    old = tmp_path / "old"
    shutil.copytree(CHECKPOINTS / "collapsed", old)
    (old / "tokenizer_config.json").unlink()
    config = json.loads((old / "config.json").read_text())
    (old / "config.json").write_text(json.dumps({key: config[key] for key in ("format", "model")}))
    vaegen.load(old, engine="torch").save_pretrained(tmp_path / "new")
    assert json.loads((tmp_path / "new" / "config.json").read_text())["model_type"] == "vaegen"
    assert (tmp_path / "new" / "tokenizer_config.json").is_file() and weights_hash(tmp_path / "new") == weights_hash(old)
