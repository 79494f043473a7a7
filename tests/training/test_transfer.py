"""A model that begins as another one: what both know stays, what is new starts from its parts or anew, and is named."""

import pytest
import torch

from vaegen.config import ModelConfig, override
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.tokenizer import Tokenizer
from vaegen.training.transfer import transfer

SPACE = "\u2581"


@pytest.fixture(scope="module")
def other():
    """A tokenizer with other words and another language."""
    texts = ["a dog walks home", "un perro camina a casa", "ein Hund rennt heim"]
    return Tokenizer.train(texts * 3, 380, ("en", "de", "es"))


@pytest.fixture
def config(tiny_config, other) -> ModelConfig:
    return override(tiny_config, vocab_size=other.vocab_size, languages=tuple(other.languages))


def test_sub_words_of_both_keep_their_vector_and_new_ones_are_the_mean_of_their_parts(tiny_model, tokenizer, config, other):
    model, new = transfer(tiny_model, tokenizer, config, other)
    before, after = tiny_model.embedding.weight, model.embedding.weight
    assert new == [] and len(after) == other.vocab_size != len(before)
    ids, spelled = tokenizer.vocabulary, 0
    for piece, row in other.vocabulary.items():
        if piece in ids:
            assert torch.equal(after[row], before[ids[piece]]), piece
        elif piece.startswith(SPACE) and piece[1:].isalpha():
            parts = tokenizer.encode(piece[1:])
            torch.testing.assert_close(after[row], torch.stack([before[i] for i in parts]).sum(0) / len(parts))
            spelled += len(parts) > 1
    assert spelled > 3
    torch.testing.assert_close(after[other.language_id("es")], before.mean(0))  # a tag has no parts
    for name, value in tiny_model.state_dict().items():
        assert name == "embedding.weight" or torch.equal(value, model.state_dict()[name]), name


def test_the_same_words_and_shape_give_the_same_model(tiny_model, tokenizer):
    model, new = transfer(tiny_model, tokenizer, tiny_model.config, tokenizer)
    assert new == []
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in tiny_model.state_dict().items())


def test_tokenizers_without_a_common_language_are_refused(tiny_model, tokenizer, tiny_config):
    foreign = Tokenizer.train(["un perro camina a casa"] * 3, 300, ("es", "pt"))
    config = override(tiny_config, vocab_size=foreign.vocab_size, languages=("es", "pt"))
    with pytest.raises(VaegenError, match=r"has es, pt, the checkpoint to start from .*no language of both"):
        transfer(tiny_model, tokenizer, config, foreign)


def test_of_fewer_slots_the_first_stay(tiny_model, tokenizer):
    model, new = transfer(tiny_model, tokenizer, override(tiny_model.config, n_slots=2), tokenizer)
    assert new == []
    for name in ("slot_queries", "slot_embedding"):
        assert torch.equal(getattr(model, name), getattr(tiny_model, name)[:2])


@pytest.mark.parametrize(
    ("changes", "anew"),
    [
        ({"n_slots": 6}, {"slot_queries", "slot_embedding"}),
        ({"latent_dim": 5}, {"to_posterior.weight", "to_posterior.bias", "from_latent.weight"}),
        ({"rate_dial": True}, {"dial.hidden.weight", "dial.hidden.bias", *(f"dial.to_{x}.weight" for x in
                               ("query", "scale", "shift", "memory"))}),
    ],
)  # fmt: skip
def test_what_begins_anew_is_named_and_the_rest_stays(tiny_model, tokenizer, changes, anew):
    model, new = transfer(tiny_model, tokenizer, override(tiny_model.config, **changes), tokenizer)
    assert set(new) == anew
    old = tiny_model.state_dict()
    assert all(torch.equal(value, old[name]) for name, value in model.state_dict().items() if name not in anew)


def test_a_dial_that_is_added_has_no_effect_yet(tiny_model, tokenizer):
    model, _ = transfer(tiny_model, tokenizer, override(tiny_model.config, rate_dial=True), tokenizer)
    src = torch.tensor([[9, 10, 1]])
    mine, old = (m.eval().encode(src, src > 0, beta).posterior for m, beta in ((model, torch.zeros(1)), (tiny_model, None)))
    assert torch.equal(mine.mu, old.mu) and torch.equal(mine.logvar, old.logvar)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ffn_width": 128}, r"ffn.* is \(64, 32\) there and \(128, 32\) here"),
        ({"n_decoder_layers": 2}, r"decoder.* is missing there"),
    ],
)
def test_another_shape_is_refused_by_the_name_of_its_weight(tiny_model, tokenizer, changes, message):
    with pytest.raises(VaegenError, match=message + ".*only vocabulary and latent may"):
        transfer(tiny_model, tokenizer, override(tiny_model.config, **changes), tokenizer)


def test_a_model_without_a_latent_can_be_given_one(tokenizer, tiny_config):
    torch.manual_seed(0)
    plain = VAETransformer(override(tiny_config, n_slots=0))
    with pytest.raises(VaegenError, match="only vocabulary and latent may"):
        transfer(plain, tokenizer, tiny_config, tokenizer)  # its latent layers are more than a few weights
