"""Skip-gram vectors know neighbours, keep the scale of what they replace, and frozen ones stay."""

import torch
import torch.nn.functional as F
from trainers import make_trainer

from vaegen.training.embeddings import skip_gram


def test_words_of_the_same_company_are_alike():
    torch.manual_seed(0)
    start = torch.randn(12, 16) * 0.25
    # 0 and 1 appear among 4 to 6; 2 and 3 among 7 to 9; 10 and 11 nowhere
    sides = [([0, 1], [4, 5, 6]), ([2, 3], [7, 8, 9])]
    sentences = [[around[i % 3], word, around[(i + 1) % 3]] for i in range(150) for words, around in sides for word in words]
    vectors = skip_gram(sentences, start, seed=1, epochs=100)  # so frequent words are mostly skipped
    alike = F.cosine_similarity(vectors[0], vectors[1], dim=0), F.cosine_similarity(vectors[2], vectors[3], dim=0)
    unlike = F.cosine_similarity(vectors[0], vectors[2], dim=0), F.cosine_similarity(vectors[1], vectors[3], dim=0)
    assert min(alike) > max(unlike) + 0.1
    assert torch.equal(vectors[10:], start[10:])
    torch.testing.assert_close(vectors[:10].std(), start.std(), rtol=0.02, atol=0.0)
    assert torch.equal(vectors, skip_gram(sentences, start, seed=1, epochs=100))


def test_frozen_embeddings_stay_and_the_rest_learns(tokenizer, tmp_path):
    trainer = make_trainer(tokenizer, tmp_path, steps=60, eval_every=0, lr=5e-3, freeze_embeddings=True)
    before = trainer.model.embedding.weight.clone()
    loss = trainer.validation.run(trainer.model)[0]["loss"]
    trainer.train()
    assert torch.equal(trainer.model.embedding.weight, before) and torch.equal(trainer.averaged.embedding.weight, before)
    assert trainer.validation.run(trainer.model)[0]["loss"] < 0.7 * loss
    given = {id(p) for o in trainer.optimizers for group in o.param_groups for p in group["params"]}
    assert id(trainer.model.embedding.weight) not in given
