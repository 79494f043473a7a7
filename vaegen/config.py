"""Every number that shapes a model or a training run, in two frozen dataclasses and three presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from vaegen.errors import VaegenError
from vaegen.limits import check_fields

# Of the folder checkpoints in a clone: what opens where nobody names one, and what comes next in the menu.
DEFAULT_CHECKPOINT, SECOND_CHECKPOINT = "everyday", "multi30k"
BETA_MIN, BETA_MAX = 0.003, 1.0  # of the dial: what training draws from; beyond it the model was never asked
SAMPLING_BETA = 0.3  # where draws from N(0, I) are decoded: 34 of 50 made sense there, about half as many at 0.1
SCHEDULES = ("gated", "cyclical", "target_kl", "constant", "dial")
OPTIMIZERS = ("muon", "adamw", "adam", "adafactor", "lion")
CHOICES: dict[str, tuple[str, ...]] = {
    "encoder": ("transformer", "lstm", "gat", "pretrained"),
    "decoder": ("transformer", "lstm"),
    "attention": ("full", "lsh"),
}


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a `VAETransformer`; stored in a checkpoint's `config.json`.

    Attributes:
        vocab_size: Sub-words V, special tokens and byte tokens included.
        languages: Languages that the decoder can be asked for, in the order of their tags.
        width: Residual width D.
        ffn_width: Inner width of the feed-forward layers.
        n_heads: Attention heads H; divides `width`.
        n_encoder_layers: Encoder depth. The encoder runs once per source sentence, whatever the number of targets.
        n_decoder_layers: Decoder depth. The decoder runs once per target token.
        n_latent_layers: Layers of self-attention among the slots between z and the decoder: what single noisy dimensions
            say is put together once per sentence, not once per token.
        n_slots: Latent slots M; 0 gives an ordinary Transformer without a latent.
        latent_dim: Dimensions Z of each slot.
        encoder_dropout: Dropout probability in the encoder, one mask per sentence.
        decoder_dropout: Dropout probability in the decoder, one mask per sentence.
        latent_dropout: Probability that a whole slot is hidden from the decoder while training.
        max_length: Longest source or target in tokens.
        encoder: What reads the source: `transformer`, `lstm`, `gat` (a graph over the sentence) or `pretrained` (a
            BERT-class model below `n_encoder_layers` of our own, of which one or two are enough).
        decoder: What writes the target: `transformer` or `lstm`.
        attention: Of the source words among themselves: `full`, or `lsh` (within locality-sensitive buckets).
        lstm_width: Units of each direction of an LSTM layer; 0 is `width`.
        gat_window: Words on either side that a word has an edge to.
        gat_neighbours: Words nearest in content that a word has an edge to.
        lsh_chunk: Words of neighbouring buckets that attend to each other, and to as many before them.
        pretrained: Folder or Hub id of the model and the tokenizer that `encoder="pretrained"` reads with.
        freeze_pretrained: Whether its weights stay as they are.
        rate_dial: Whether the weight beta of the KL term is an input, so that one model covers every rate; see
            `vaegen.model.rate_dial`.
        default_beta: What a model with the dial is asked for where nobody says it.
    """

    vocab_size: int
    languages: tuple[str, ...] = ("en", "de", "fr", "cs")
    width: int = 192
    ffn_width: int = 768
    n_heads: int = 4
    n_encoder_layers: int = 4
    n_decoder_layers: int = 3
    n_latent_layers: int = 1
    n_slots: int = 16
    latent_dim: int = 32
    encoder_dropout: float = 0.1
    decoder_dropout: float = 0.1
    latent_dropout: float = 0.0
    max_length: int = 512
    encoder: str = "transformer"
    decoder: str = "transformer"
    attention: str = "full"
    lstm_width: int = 0
    gat_window: int = 2
    gat_neighbours: int = 4
    lsh_chunk: int = 32
    pretrained: str = ""
    freeze_pretrained: bool = True
    rate_dial: bool = False
    default_beta: float = 0.03

    def __post_init__(self) -> None:
        check_fields(self)
        _positive(self, "vocab_size width ffn_width n_heads n_encoder_layers n_decoder_layers max_length")
        _positive(self, "gat_window gat_neighbours lsh_chunk")
        _not_negative(self, "lstm_width")
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise VaegenError(
                    "{name}={given}: choose {allowed}.",
                    name=name,
                    given=repr(getattr(self, name)),
                    allowed=" or ".join(map(repr, allowed)),
                )
        if self.attention == "lsh" and self.encoder in ("lstm", "gat"):
            raise VaegenError(
                "attention='lsh' with encoder={encoder}: it has no full attention to thin out.", encoder=repr(self.encoder)
            )
        if (self.encoder == "pretrained") != bool(self.pretrained):
            raise VaegenError(
                "encoder={encoder} with pretrained={pretrained}: encoder='pretrained' needs the folder or the Hub id of a "
                "model, and no other encoder takes one.",
                encoder=repr(self.encoder),
                pretrained=repr(self.pretrained),
            )
        _below_one(self, "encoder_dropout decoder_dropout latent_dropout")
        if self.n_slots < 0 or (self.n_slots and self.latent_dim < 1):
            raise VaegenError(
                "n_slots={n_slots}, latent_dim={latent_dim}: give n_slots >= 0 and latent_dim >= 1.",
                n_slots=self.n_slots,
                latent_dim=self.latent_dim,
            )
        if self.rate_dial and not self.n_slots:
            raise VaegenError("rate_dial=True with n_slots=0: without a latent there is no rate; give n_slots.")
        if not BETA_MIN <= self.default_beta <= BETA_MAX:
            raise VaegenError("default_beta={default_beta}: give a number from 0.003 to 1.", default_beta=self.default_beta)
        if self.width % (2 * self.n_heads):
            raise VaegenError(
                "width={width} with n_heads={n_heads}: width must be a multiple of 2 * n_heads.",
                width=self.width,
                n_heads=self.n_heads,
            )
        if not self.languages or len(set(self.languages)) != len(self.languages):
            raise VaegenError("languages={languages}: give at least one, each of them once.", languages=self.languages)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return {**asdict(self), "languages": list(self.languages)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """The inverse of `to_dict`.

        Raises:
            VaegenError: If a field is unknown or a value is out of range.
        """
        languages = values.get("languages", ())
        return cls(**_known(cls, {**values, "languages": tuple(languages) if isinstance(languages, list) else languages}))


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained. Steps are optimizer steps; nats are sums over tokens, means over sentences.

    Attributes:
        steps: Total optimizer steps; the learning rate reaches zero at the last one.
        batch_tokens: Target tokens in one step, over all processes.
        max_sentence_tokens: Training sentences of more tokens than this are dropped (counted).
        optimizer: `muon` (Muon for the weight matrices, AdamW for the rest), `adamw`, `adam`, `adafactor` or `lion`; see
            `vaegen.training.optimization`.
        lr: Peak learning rate of all but Muon.
        muon_lr: Peak learning rate of Muon.
        weight_decay: Decoupled weight decay of the weight matrices.
        warmup_steps: Steps in which the learning rate rises linearly.
        cooldown: Last fraction of the steps, in which the learning rate falls linearly to zero.
        clip_norm: Largest gradient norm.
        label_smoothing: Probability mass spread over the vocabulary; never part of reported nats.
        word_dropout: Probability that an input word of the decoder is replaced by the mask token.
        source_noise: Probability that a source sub-word is masked, dropped or moved: the encoder of a denoising autoencoder.
        typing_noise: Share of source sentences that are read as people type: small letters, no final mark, slips of letters,
            accents left out. What is to be written stays clean.
        name_rate: Share of the groups in which names, numbers and persons that all languages show alike are replaced by
            others, the same on all sides: a model has to copy what it has never seen.
        embeddings: Where a new model's embeddings begin: `random`, or `word2vec` (skip-gram over the training text).
        freeze_embeddings: Whether they stay as they are. The output layer is tied to them: then only the states that the
            decoder compares with them are learned, and tokens that the text lacks stay as drawn.
        source_context_rate: Share of targets whose decoder also sees the encoder states (z alone otherwise).
        autoencode_rate: Share of source sentences that are also decoded into their own language, from z alone.
        source_weights: Relative frequency of each language as the source; missing ones count 1.
        exclude_pairs: Language pairs ("en-cs") that are never trained, in either direction.
        schedule: `gated` (beta 0 until z is used, then a ramp), `cyclical`, `target_kl`, `constant` or `dial` (as `gated`,
            but each sentence draws its own beta from the range of the dial; `beta` and `free_bits` have no part in it).
        beta: Largest weight of the KL term.
        ramp_steps: Steps from beta 0 to `beta` once the gate is open.
        gate_nats: The gate opens when decoding from a shuffled z costs this many nats more than from the right one.
        n_cycles: Cycles of the `cyclical` schedule.
        target_kl: KL in nats that the `target_kl` controller aims at.
        free_bits: KL per dimension, in nats, below which the batch mean is not penalised.
        nested_rate: Share of sentences of which the decoder gets only the first k slots, k at random and small more often:
            the first slots then carry the gist, the later ones details.
        nested_beta: Weight of the KL where k is 1; from there to `beta` at all slots it falls as a power of k.
        align_kl: Weight of KL(q(z | translation) || q(z | sentence)): translations should share a latent.
        align_contrast: Weight of telling a sentence's translation from those of the rest of the batch by the cosine of mu.
        ema_decay: Decay of the exponential moving average of the weights that is evaluated and saved.
        eval_every: Steps between evaluations (0: only at the end).
        save_every: Steps between resumable states (0: only at evaluations).
        keep_last: Checkpoints of this many last evaluations that stay in the run folder, to be averaged (0: only the last).
        patience: Evaluations without a better validation loss before training stops (0: never).
        seed: Seed of initialisation, data order, dropout and noise.
    """

    steps: int = 8000
    batch_tokens: int = 6144
    max_sentence_tokens: int = 64
    optimizer: str = "muon"
    lr: float = 2e-3
    muon_lr: float = 0.01
    weight_decay: float = 0.01
    warmup_steps: int = 200
    cooldown: float = 0.4
    clip_norm: float = 1.0
    label_smoothing: float = 0.1
    word_dropout: float = 0.0
    source_noise: float = 0.0
    typing_noise: float = 0.0
    name_rate: float = 0.0
    embeddings: str = "random"
    freeze_embeddings: bool = False
    source_context_rate: float = 0.5
    autoencode_rate: float = 0.3
    source_weights: dict[str, float] | None = None
    exclude_pairs: tuple[str, ...] = ()
    schedule: str = "gated"
    beta: float = 0.03
    ramp_steps: int = 1000
    gate_nats: float = 30.0
    n_cycles: int = 4
    target_kl: float = 60.0
    free_bits: float = 0.1
    nested_rate: float = 0.0
    nested_beta: float = 0.5
    align_kl: float = 0.0
    align_contrast: float = 0.0
    ema_decay: float = 0.999
    eval_every: int = 400
    save_every: int = 200
    keep_last: int = 0
    patience: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        _positive(self, "steps batch_tokens max_sentence_tokens n_cycles")
        _not_negative(self, "lr muon_lr weight_decay clip_norm beta free_bits target_kl nested_beta align_kl align_contrast")
        _not_negative(self, "warmup_steps ramp_steps eval_every save_every keep_last patience")
        _rates(self, "cooldown word_dropout source_noise typing_noise name_rate")
        _rates(self, "source_context_rate autoencode_rate nested_rate")
        _below_one(self, "label_smoothing ema_decay")
        if self.optimizer not in OPTIMIZERS:
            raise VaegenError(
                "optimizer={optimizer}: choose one of {optimizers}.",
                optimizer=repr(self.optimizer),
                optimizers=", ".join(OPTIMIZERS),
            )
        if self.embeddings not in ("random", "word2vec"):
            raise VaegenError("embeddings={embeddings}: choose 'random' or 'word2vec'.", embeddings=repr(self.embeddings))
        if self.schedule not in SCHEDULES:
            raise VaegenError(
                "schedule={schedule}: choose one of {schedules}.",
                schedule=repr(self.schedule),
                schedules=", ".join(SCHEDULES),
            )
        for pair in self.exclude_pairs:
            if len(pair.split("-")) != 2:
                raise VaegenError("exclude_pairs: {pair} is not a pair; write two codes, as in 'en-cs'.", pair=repr(pair))

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return {**asdict(self), "exclude_pairs": list(self.exclude_pairs)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainConfig:
        """The inverse of `to_dict`.

        Raises:
            VaegenError: If a field is unknown or a value is out of range.
        """
        return cls(**_known(cls, {**values, "exclude_pairs": tuple(values.get("exclude_pairs", ()))}))


# tiny: tests, seconds. cpu: two cores, under two and a half hours. gpu: one GPU, minutes; `average` its last checkpoints.
PRESETS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tiny": (
        {"width": 32, "ffn_width": 64, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1, "n_slots": 4,
         "latent_dim": 8, "encoder_dropout": 0.0, "decoder_dropout": 0.0},
        {"steps": 40, "batch_tokens": 256, "warmup_steps": 5, "ramp_steps": 10, "eval_every": 20, "save_every": 20},
    ),
    "cpu": ({}, {"source_weights": {"en": 2.0}}),
    "gpu": (
        {"width": 256, "ffn_width": 1024, "n_encoder_layers": 6, "n_decoder_layers": 4, "n_slots": 8, "latent_dim": 64,
         "rate_dial": True, "encoder_dropout": 0.2, "decoder_dropout": 0.2},
        {"steps": 20000, "batch_tokens": 32768, "eval_every": 1000, "save_every": 1000, "keep_last": 10, "warmup_steps": 500,
         "schedule": "dial", "ramp_steps": 2000, "label_smoothing": 0.0, "source_context_rate": 0.4, "typing_noise": 0.35,
         "name_rate": 0.3, "source_weights": {"en": 2.0}},
    ),
}  # fmt: skip


def preset(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the overrides of `ModelConfig` and of `TrainConfig` that a preset stands for.

    Raises:
        VaegenError: If there is no such preset.
    """
    if name not in PRESETS:
        raise VaegenError("There is no preset {name}; choose one of {presets}.", name=repr(name), presets=", ".join(PRESETS))
    return PRESETS[name]


def override(config: Any, **values: Any) -> Any:
    """Returns a copy of a config with the values that are not None put in."""
    return replace(config, **{key: value for key, value in values.items() if value is not None})


def _known(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(cls)}
    unknown = sorted(set(values) - names)
    if unknown:
        raise VaegenError(
            "{kind} has no field {unknown}; it has {names}.",
            kind=cls.__name__,
            unknown=", ".join(unknown),
            names=", ".join(sorted(names)),
        )
    return dict(values)


def _positive(config: Any, names: str) -> None:
    for name in names.split():
        if getattr(config, name) < 1:
            raise VaegenError("{name}={given}: give a whole number of 1 or more.", name=name, given=getattr(config, name))


def _not_negative(config: Any, names: str) -> None:
    for name in names.split():
        if not 0 <= getattr(config, name) < float("inf"):
            raise VaegenError("{name}={given}: give a number of 0 or more.", name=name, given=getattr(config, name))


def _rates(config: Any, names: str) -> None:
    for name in names.split():
        if not 0.0 <= getattr(config, name) <= 1.0:
            raise VaegenError("{name}={given}: give a number from 0 to 1.", name=name, given=getattr(config, name))


def _below_one(config: Any, names: str) -> None:
    """At 1 nothing would be left: of the states, of the targets, of what an average learns."""
    for name in names.split():
        if not 0.0 <= getattr(config, name) < 1.0:
            raise VaegenError(
                "{name}={given}: give a number from 0 to 1, but not 1 itself.", name=name, given=getattr(config, name)
            )
