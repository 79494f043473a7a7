#!/usr/bin/env python
"""Decoding by each engine, and by peers of the same shape: measured in one run, paired, on one CPU thread.

    python scripts/measure/decoding_speed.py                    # the table of docs/results.md (about four minutes)
    python scripts/measure/decoding_speed.py --data DATA        # and BLEU of each engine on captions, in both contexts
    python scripts/measure/decoding_speed.py --quick            # a smoke test of every row

Two sets of rows: a checkpoint's own translations, its search for words included, and the fixed shape of model_speed.py with
random weights that never end a sentence, 20 tokens of each. CTranslate2 is a peer where it is installed
(`pip install ctranslate2`). Every round runs each row once, in an order that changes; times are of the processor, so that
what else the machine does counts little; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import model_speed as shape

import vaegen
from vaegen.data.corpus import load_corpus
from vaegen.decoding.options import DecodingOptions
from vaegen.decoding.search import decode
from vaegen.engine.engine import ENGINES, TORCH, engine_for
from vaegen.pipeline.pipeline import Pipeline
from vaegen.writing import write_json

TITLES = {"1 sentence, greedy": (1, 1), "1 sentence, beam 5": (1, 5), "32 sentences, greedy": (32, 1),
          "32 sentences, beam 5": (32, 5)}  # fmt: skip
# Our own, of the length of captions.
SENTENCES = (
    "A man in a blue jacket is walking his dog along the beach.",
    "Two girls are sitting on a bench and eating ice cream in the park.",
    "An old woman with a red umbrella waits for the bus in the rain.",
    "Several people watch a street musician who plays the guitar.",
    "A little boy jumps over a puddle.",
    "Three construction workers are repairing the roof of a tall building.",
    "A brown horse stands next to a wooden fence in a green field.",
    "A group of children plays soccer on a dirt road near the village.",
)
Row = Callable[[], object]


def pipelines(checkpoint: str) -> dict[str, Pipeline]:
    """Returns a checkpoint's pipeline with each engine, over one model."""
    first = vaegen.load(checkpoint, "cpu", engine=TORCH)
    about = (first.model, first.tokenizer, first.metadata, first.name, first.folder, None)
    return {engine: Pipeline(*about, engine) for engine in (TORCH, *ENGINES[:2])}


def own_rows(of: dict[str, Pipeline], n: int, num_beams: int) -> dict[str, Row]:
    """Returns the rows that translate n sentences with a checkpoint."""
    texts = [SENTENCES[i % len(SENTENCES)].replace(".", f" {i}.") if i >= len(SENTENCES) else SENTENCES[i] for i in range(n)]
    return {name: lambda p=p: p.translate(texts, p.tags[1], num_beams=num_beams) for name, p in of.items()}


def shaped_rows(n: int, num_beams: int, folder: Path) -> dict[str, Row]:
    """Returns the rows of the fixed shape: 20 tokens of each of n sentences."""
    src, mask = shape._ids(shape.np.random.default_rng(1), shape.np.full(n, 16))
    tags = torch.full((n,), shape.LANGUAGE)
    options = DecodingOptions("beam" if num_beams > 1 else "greedy", num_beams=num_beams, max_length=shape.N_TOKENS)
    model = shape.ours(0).eval()

    def run(runner: Any) -> object:
        with torch.inference_mode():
            memory = runner.memory(None, runner.encode(src, mask))
            return decode(runner, memory, tags, shape.VOCABULARY - 1, options, banned_ids=[shape.EOS])

    runners = {engine: engine_for(model, engine) for engine in (TORCH, *ENGINES[:2])}
    rows: dict[str, Row] = {f"vaegen, {name}": lambda runner=runner: run(runner) for name, runner in runners.items()}
    marian = shape.decoding_rows(n, num_beams)["transformers MarianMT"]
    rows["transformers MarianMT"] = lambda: marian(0)
    if importlib.util.find_spec("ctranslate2") is None:
        print("CTranslate2 is not installed: its rows are left out (pip install ctranslate2).", file=sys.stderr)
        return rows
    import ctranslate2

    words = [[f"w{i}" for i in ids] for ids in src.tolist()]
    start = [[f"w{shape.LANGUAGE}"]] * n
    for kind in ("float32", "int8"):
        peer = ctranslate2.Translator(str(converted(folder)), compute_type=kind, intra_threads=1)
        rows[f"CTranslate2 {kind}"] = lambda peer=peer: peer.translate_batch(
            words, target_prefix=start, beam_size=num_beams, max_batch_size=32, min_decoding_length=shape.N_TOKENS,
            max_decoding_length=shape.N_TOKENS, suppress_sequences=[[f"w{shape.EOS}"]],
        )  # fmt: skip
    return rows


def converted(folder: Path) -> Path:
    """Returns the folder with the MarianMT of the shape as CTranslate2 reads it, made on the first call."""
    if not (folder / "model.bin").exists():
        from ctranslate2.converters.transformers import MarianMTLoader

        spec = MarianMTLoader().get_model_spec(shape.marian().eval())
        vocabulary = [f"w{i}" for i in range(shape.VOCABULARY - 1)]  # its loader leaves the filler out
        spec.register_source_vocabulary(vocabulary)
        spec.register_target_vocabulary(vocabulary)
        spec.config.bos_token = spec.config.decoder_start_token = f"w{shape.LANGUAGE}"
        spec.config.eos_token, spec.config.unk_token = f"w{shape.EOS}", "w2"
        spec.validate()
        spec.optimize()
        spec.save(str(folder))
    return folder


def measure(rows: dict[str, Row], rounds: int, label: str) -> dict[str, dict[str, float]]:
    """Returns milliseconds of the processor for each row, and how many times faster than the first it is, as medians."""
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    names = list(rows)
    for run in rows.values():
        run()  # warm up
    for i in tqdm(range(rounds), desc=label, disable=not sys.stderr.isatty()):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            start = time.process_time()
            rows[name]()
            seconds[name].append(time.process_time() - start)
    first = seconds[names[0]]
    ratios = {name: [a / b for a, b in zip(first, values, strict=True)] for name, values in seconds.items()}
    return {
        name: {"ms": round(1e3 * statistics.median(seconds[name]), 1), "ratio": round(statistics.median(ratios[name]), 2)}
        for name in names
    }


def parity(of: dict[str, Pipeline], data: str, limit: int) -> dict[str, dict[str, float]]:
    """Returns BLEU of each engine on captions, by context and language, and how many texts are those of torch."""
    import sacrebleu

    found: dict[str, dict[str, float]] = {name: {"texts as torch": 0} for name in of}
    source, *languages = next(iter(of.values())).tags
    groups = load_corpus("multi30k", data, "test")[:limit]
    for context in ("source", "latent"):
        for language in languages:
            plain: list[str] = []
            for name, p in of.items():
                texts = p.translate([group[source] for group in groups], language, context=context)
                plain = plain or texts
                bleu = sacrebleu.corpus_bleu(texts, [[group[language] for group in groups]]).score
                found[name][f"{language}, {context}"] = round(bleu, 2)
                found[name]["texts as torch"] += sum(a == b for a, b in zip(texts, plain, strict=True))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default="checkpoints/multi30k")
    parser.add_argument("--data", help="folder of the corpora: BLEU of each engine on the test captions of multi30k")
    parser.add_argument("--limit", type=int, default=1000, help="captions for BLEU")
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", help="write the figures to this JSON file")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    rounds = 1 if options.quick else options.rounds
    figures: dict[str, Any] = {"torch": torch.__version__, "threads": options.threads, "rounds": rounds, "speed": {}}
    of = pipelines(options.checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        for title, (n, beams) in TITLES.items():
            name = Path(options.checkpoint).name
            for what, rows in ((name, own_rows(of, n, beams)), ("fixed shape", shaped_rows(n, beams, Path(folder)))):
                found = figures["speed"].setdefault(what, {})[title] = measure(rows, rounds, title)
                for row, values in found.items():
                    print(f"{what}, {title}, {row}: {values['ms']} ms, {values['ratio']} x", flush=True)
    if options.data:
        figures["parity"] = parity(of, options.data, options.limit)
        print(json.dumps(figures["parity"], indent=1))
    if options.out:
        write_json(options.out, figures, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
