"""Trains a VAE-Transformer: on one GPU, on a CPU, or over several processes with torchrun.

    vaegen train --preset cpu --data DATA --out runs/multi30k
    torchrun --nproc-per-node 2 --max-restarts 3 scripts/train.py --preset gpu --data DATA --out runs/multi30k --resume auto
    vaegen train --data DATA --out runs/multi30k --resume
    vaegen train --data DATA --out runs/more --init-from checkpoints/everyday --steps 4000

The run folder gets `state.pt` (everything needed to go on), `metrics.jsonl`, TensorBoard files and `checkpoint/`, which
`vaegen.load`, `vaegen evaluate` and the app take as it is. Stop it with Ctrl-C; it saves and ends.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaegen.commands.arguments import (
    CHECKPOINT,
    CHECKPOINT_SHOWN,
    DATA_HELP,
    DEVICE_HELP,
    add_fields,
    main_of,
    name_of,
    option_of,
    positive,
)
from vaegen.config import PRESETS, ModelConfig, TrainConfig, override, preset
from vaegen.data.corpus import CORPORA
from vaegen.errors import VaegenError
from vaegen.writing import write_json

if TYPE_CHECKING:
    from vaegen.data.batches import TrainingData
    from vaegen.model.vae_transformer import VAETransformer
    from vaegen.text.tokenizer import Tokenizer
    from vaegen.training.prepare import Say

DEFAULT_PRESET = "cpu"
NOT_OPTIONS = {"vocab_size", "languages"}  # the tokenizer decides these
WITHOUT_WEIGHTS = {  # what --init-from may change: no weight hangs on it
    "encoder_dropout", "decoder_dropout", "latent_dropout", "max_length", "gat_window", "gat_neighbours", "lsh_chunk",
    "freeze_pretrained",
}  # fmt: skip
RUN_FILE = "run.json"  # what `state.pt` does not know: with other data or another tokenizer the state is worth nothing
REMEMBERED: dict[str, Any] = {
    "corpora": "multi30k", "limit_groups": None, "stop_words": None, "word_list": None, "n_validation": 300,
    "bleu_pairs": None, "precision": "auto",
}  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Sets up device and processes, and trains."""
    import torch
    import torch.distributed as dist

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # loader processes never tokenise: forking is safe
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    device = choose_device(options.device)
    if not device.startswith("cuda") and (options.threads or world_size > 1):
        torch.set_num_threads(options.threads or 1)
    try:
        if world_size > 1:
            dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        train(options, device, rank, world_size)
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def choose_device(name: str | None) -> str:
    """Returns the device to train on, for "cuda" this process's own.

    Raises:
        VaegenError: If this machine lacks it.
    """
    import torch

    device = name or ("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cpu":
        return device
    if not device.startswith("cuda") or not torch.cuda.is_available():
        raise VaegenError(
            "--device {device} cannot be used here; choose cpu{cuda}.",
            device=device,
            cuda=" or cuda" * torch.cuda.is_available(),
        )
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    try:
        torch.cuda.set_device(device)
    except (RuntimeError, ValueError) as error:
        raise VaegenError(
            "--device {device} cannot be used: {reason}", device=device, reason=str(error).splitlines()[0]
        ) from error
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    return device


def train(options: argparse.Namespace, device: str, rank: int, world_size: int) -> None:
    """Prepares data, model and trainer, and trains."""
    import torch
    from tqdm import tqdm

    from vaegen.model.precision import has_fast_bf16
    from vaegen.training.embeddings import skip_gram
    from vaegen.training.prepare import build_data
    from vaegen.training.run_folder import STATE_FILE, load_state
    from vaegen.training.trainer import Trainer

    def say(line: str) -> None:
        if rank == 0:
            tqdm.write(line, file=sys.stderr)

    out = Path(options.out)
    going_on = options.resume == "yes" or (options.resume == "auto" and (out / STATE_FILE).is_file())
    saved = load_state(out) if going_on else None
    if saved is not None and options.resume == "auto":  # the command is the one that began it
        options.init_from = options.preset = None
    if saved is None and (out / "state.pt").exists() and not options.dry_run:
        raise VaegenError("{out} already holds a run; go on with --resume, or choose another --out.", out=out)
    if saved is None and (out / "config.json").exists():
        raise VaegenError("{out} is a checkpoint, and a run would write over it; choose another --out.", out=out)
    if saved is not None and (ignored := [name for name in ("init_from", "preset") if getattr(options, name) is not None]):
        option = option_of(ignored[0])
        raise VaegenError(
            "{option} is for a new run; {out} goes on from its own state. Leave {option} out, or --resume.",
            option=option,
            out=out,
        )
    remembered = recall(options, out, saved)
    tokenizer, model = build_model(options, saved, say)
    _, preset_training = preset(options.preset or DEFAULT_PRESET)
    base = TrainConfig.from_dict(saved["config"] if saved else preset_training)
    config = override(base, **{f.name: getattr(options, f.name) for f in fields(TrainConfig)})
    for name in ("optimizer", "embeddings", "freeze_embeddings"):
        if saved and getattr(config, name) != (begun := getattr(base, name)):
            option = f"{option_of(name)} {str(begun).lower()}"
            raise VaegenError("{out} was begun with {option}; a run cannot change it.", out=out, option=option)
    if saved and saved["progress"]["step"] >= config.steps and not options.dry_run:
        say(f"{out} has made {saved['progress']['step']:,} steps of {config.steps:,}: nothing to do; give it more --steps.")
        return
    if not model.config.n_slots:
        config = override(config, autoencode_rate=0.0)  # without a latent that would be copying
    torch.manual_seed(config.seed)
    if saved is None and options.init_from is None:
        model.reset_parameters()
    torch.manual_seed(config.seed + 1 + rank)
    data, validation = build_data(options, tokenizer, config, rank, world_size, say, model)
    if config.embeddings == "word2vec" and saved is None and not options.dry_run:
        say("word2vec: skip-gram over the training text")
        model.embedding.weight.data = skip_gram(sentences(data, tokenizer), model.embedding.weight.data, config.seed)
    n_parameters = sum(p.numel() for p in model.parameters())
    say(f"{n_parameters:,} parameters; {model.config}")
    say(str(config))
    if options.dry_run:
        plan = data.plan(0)
        items = [item for batch in plan for item in batch]
        tokens = sum(len(item.group[t]) + 1 for item in items for t in item.targets)
        say(
            f"dry run: {len(plan)} steps an epoch, {len(items):,} sources, {tokens:,} target tokens; "
            f"{config.steps / len(plan):.1f} epochs"
        )
        return
    amp = options.precision == "bf16" or (options.precision == "auto" and has_fast_bf16(device))
    metadata = {"corpora": options.corpora, "parameters": n_parameters, "command": options.command}
    if len(remembered["parts"]) > 1:
        metadata["parts"] = remembered["parts"]
    if remembered["started_from"]:
        metadata["started_from"] = remembered["started_from"]
    if rank == 0:
        tokenizer.save(out / "tokenizer.json")
        write_json(out / RUN_FILE, remembered, indent=2)
    trainer = Trainer(
        model.to(device),
        tokenizer,
        data,
        validation,
        config,
        out,
        device=device,
        amp=amp,
        metadata=metadata,
        report=say,
    )
    if saved is not None:
        trainer.resume()
    with tqdm(
        total=config.steps, initial=trainer.progress.step, disable=rank > 0 or not sys.stderr.isatty(), unit="step"
    ) as bar:

        def on_step(_progress: Any, figures: dict[str, float]) -> None:
            bar.update()
            bar.set_postfix(recon=f"{figures['recon']:.1f}", kl=f"{figures['kl']:.1f}", refresh=False)

        trainer.train(on_step)


def recall(options: argparse.Namespace, out: Path, saved: dict[str, Any] | None) -> dict[str, Any]:
    """Returns what a run has to remember beside its state, and fills in the options that were not given.

    A resumed run goes on with its own data and tokenizer, unless told otherwise.
    """
    from vaegen.training.history import parts_of, trained_on

    before: dict[str, Any] = {}
    if saved is not None and not (out / RUN_FILE).is_file() and options.corpora is None:
        raise VaegenError(
            "{path}, which says what the run is trained on, is missing; give --corpora again.", path=out / RUN_FILE
        )
    if saved is not None and (out / RUN_FILE).is_file():
        try:
            before = json.loads((out / RUN_FILE).read_text(encoding="utf-8"))
        except ValueError as error:
            raise VaegenError(
                "{path} is not valid JSON ({reason}); remove it, give --corpora again.", path=out / RUN_FILE, reason=error
            ) from error
    if (was := before.get("corpora")) is not None and options.corpora not in (None, was):
        print(f"train: goes on with {options.corpora}; so far it was {was}, which stays in its history", file=sys.stderr)
    for name, default in REMEMBERED.items():
        if getattr(options, name) is None:
            setattr(options, name, before.get(name, default))
    if options.tokenizer is None and (saved is not None or options.init_from is None):
        own = [out / "tokenizer.json", out / "checkpoint" / "tokenizer.json"] if saved is not None else []
        there = [path for path in own if path.is_file()]
        options.tokenizer = there[0] if there else CHECKPOINT / "tokenizer.json"
        if not options.tokenizer.is_file():
            raise VaegenError("No tokenizer comes with an install; make one with `vaegen tokenizer` for --tokenizer.")
    started_from = before.get("started_from")
    if saved is None and options.init_from is not None:
        from vaegen.model.checkpoint import load_checkpoint

        start = load_checkpoint(options.init_from)
        started_from = {"name": name_of(options.init_from), "corpora": trained_on(start.metadata)}
    step = saved["progress"]["step"] if saved is not None else 0
    settings = {name: getattr(options, name) for name in REMEMBERED}
    return {**settings, "started_from": started_from, "parts": parts_of(before, out, step, options.corpora, options.command)}


def writes_into(options: argparse.Namespace) -> Path | None:
    """Returns the folder that no other run may write into meanwhile; process 0 answers for all of its run."""
    if options.dry_run or os.environ.get("RANK", "0") != "0":
        return None
    Path(options.out).absolute().parent.mkdir(parents=True, exist_ok=True)
    return Path(options.out)


def build_model(options: argparse.Namespace, saved: dict[str, Any] | None, say: Say) -> tuple[Tokenizer, VAETransformer]:
    """Returns tokenizer and model: of the saved run, of the checkpoint to start from, or new ones."""
    import torch

    from vaegen.model.checkpoint import load_checkpoint
    from vaegen.model.pretrained import FOLDER, has_weights
    from vaegen.model.vae_transformer import VAETransformer
    from vaegen.text.tokenizer import Tokenizer
    from vaegen.training.transfer import OF_LATENT, transfer

    asked = {f.name: getattr(options, f.name) for f in fields(ModelConfig) if f.name not in NOT_OPTIONS}
    if options.no_latent:
        asked["n_slots"] = 0
    if saved is not None:
        config, tokenizer = ModelConfig.from_dict(saved["model_config"]), Tokenizer.load(options.tokenizer)
        if override(config, **asked) != config:
            raise VaegenError(
                "{out} was begun with {config}; a run cannot change its shape. Choose another --out.",
                out=options.out,
                config=config,
            )
        if (tokenizer.vocab_size, tokenizer.languages) != (config.vocab_size, config.languages):
            raise VaegenError(
                "{tokenizer} is not the tokenizer of {out}; give the one it was begun with.",
                tokenizer=options.tokenizer,
                out=options.out,
            )
        own = Path(options.out, "checkpoint", FOLDER)  # the state has the weights: the first folder may be gone
        if config.pretrained and own.is_dir():
            config = replace(config, pretrained=str(own))
        return tokenizer, VAETransformer(config)
    if options.init_from is not None:
        if options.embeddings == "word2vec":
            raise VaegenError("--embeddings word2vec is for a new model; --init-from brings its own. Leave one of them out.")
        start = load_checkpoint(options.init_from)
        there = start.model.config
        tokenizer = start.tokenizer if options.tokenizer is None else Tokenizer.load(options.tokenizer)
        free = {*WITHOUT_WEIGHTS, *OF_LATENT}
        if not (there.n_slots and asked["n_slots"] != 0):  # a latent comes or goes: that is another model
            free -= {"n_slots", "latent_dim"}
        for name, value in asked.items():
            if value is not None and value != (has := getattr(there, name)) and name not in free:
                raise VaegenError(
                    "{name}={value}: --init-from {init_from} has {has}; leave the option out.",
                    name=name,
                    value=repr(value),
                    init_from=options.init_from,
                    has=repr(has),
                )
        of_text = {"vocab_size": tokenizer.vocab_size, "languages": tuple(tokenizer.languages)}
        torch.manual_seed(options.seed if options.seed is not None else TrainConfig.seed)
        model, new = transfer(start.model, start.tokenizer, override(there, **of_text, **asked), tokenizer)
        if new:
            say(f"{options.init_from}: begun anew are {', '.join(new)}")
        return tokenizer, model
    tokenizer = Tokenizer.load(options.tokenizer)
    shape = preset(options.preset or DEFAULT_PRESET)[0]
    config = ModelConfig(vocab_size=tokenizer.vocab_size, languages=tuple(tokenizer.languages), **shape)
    config = override(config, **asked)
    if config.pretrained and not has_weights(config.pretrained):
        raise VaegenError(
            "--pretrained {pretrained} has no weights (*.safetensors, *.bin); a vaegen checkpoint keeps them among its "
            "own: give that to --init-from.",
            pretrained=config.pretrained,
        )
    return tokenizer, VAETransformer(config)


def sentences(data: TrainingData, tokenizer: Tokenizer) -> list[list[int]]:
    """Returns every training sentence as the decoder sees it, between language tag and end."""
    groups = [group for corpus, _ in data.corpora for group in corpus]
    return [[tokenizer.language_id(code), *ids, tokenizer.eos_id] for group in groups for code, ids in group.items()]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options below, and one for every field of the two configs."""
    parser.add_argument("--data", required=True, help=DATA_HELP)
    parser.add_argument("--out", required=True, help="run folder; it is made where it is not there")
    parser.add_argument(
        "--corpora",
        help=f"names and rates per epoch, as in 'multi30k:1,multi30k-captions:0.05'; of {', '.join(CORPORA)}, or your own "
        f"folders (default: {REMEMBERED['corpora']}; of a resumed run: its own)",
    )
    parser.add_argument(
        "--limit-groups",
        type=int,
        metavar="N",
        help="train on the first N groups (a sentence and its translations) of each corpus only (default: all)",
    )
    parser.add_argument(
        "--tokenizer", metavar="FILE", help=f"tokenizer.json (default: of {CHECKPOINT_SHOWN}; of a resumed run: its own)"
    )
    parser.add_argument(
        "--stop-words", nargs="*", metavar="en=FILE", help="words to take out of the training sentences (default: none)"
    )
    parser.add_argument(
        "--word-list",
        nargs="*",
        metavar="PATH",
        help="leave out sentences with sensitive words, and count them: those of the short lists that vaegen ships and of "
        "your own lists, files (en.txt, ...) or folders of them (default: none are left out, as in all runs logged so far)",
    )
    parser.add_argument("--preset", choices=list(PRESETS), help=f"settings of a new run (default: {DEFAULT_PRESET})")
    parser.add_argument("--init-from", help="checkpoint whose weights are the start (default: none, weights are drawn)")
    parser.add_argument(
        "--resume",
        nargs="?",
        const="yes",
        choices=["yes", "auto"],
        help="go on with the run in --out; auto: or start it, so that one command does for torchrun, a queue or a "
        "machine that may go away (default: start)",
    )
    parser.add_argument("--dry-run", action="store_true", help="show data, model and schedule, then stop")
    parser.add_argument("--no-latent", action="store_true", help="ordinary Transformer, the baseline")
    parser.add_argument("--device", help=DEVICE_HELP)
    parser.add_argument(
        "--precision",
        choices=["auto", "bf16", "float32"],
        help=f"of the products of matrices; auto is bf16 where it is fast (default: {REMEMBERED['precision']})",
    )
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="CPU threads of each process (default: 1 with torchrun, else torch's)"
    )
    parser.add_argument(
        "--n-validation", type=int, metavar="N", help=f"validation groups (default: {REMEMBERED['n_validation']})"
    )
    parser.add_argument(
        "--bleu-pairs",
        help="directions whose BLEU is watched, as in 'en-de,de-en'; '' for none (default: between the tokenizer's first "
        "two languages, or its tasks)",
    )
    for number, config in enumerate((ModelConfig, TrainConfig)):
        told = "defaults, and those of presets that have others; a resumed run keeps its own, and --init-from its shape"
        section = parser.add_argument_group(config.__name__, told)
        add_fields(section, config, NOT_OPTIONS, {name: PRESETS[name][number] for name in PRESETS})


main = main_of(__name__)
