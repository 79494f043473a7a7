"""Whatever is kept about a model goes with it: nothing else holds a model that was evicted."""

import gc
import shutil
import weakref

import numpy as np

from vaegen.app.questions.inside import Inside
from vaegen.app.questions.map import Spot
from vaegen.app.questions.points import START
from vaegen.app.questions.sample import Move
from vaegen.app.service import Service
from vaegen.latent.atlas import Atlas, save_atlas
from vaegen.latent.projection import fit_pca
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.companions import weights_hash
from vaegen.pipeline.pipeline import load


def test_an_evicted_model_leaves_the_memory(tiny_model, tokenizer, tmp_path):
    save_checkpoint(tmp_path / "first", tiny_model, tokenizer)
    latents = np.random.default_rng(0).normal(size=(30, tiny_model.config.n_slots * tiny_model.config.latent_dim))
    about, gaps = {"weights": weights_hash(tmp_path / "first")}, dict.fromkeys(("umap2", "pca2", "pca3"), 1.0)
    save_atlas(tmp_path / "first", Atlas(latents, {"umap2": latents[:, :2]}, fit_pca(latents), gaps, about))
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    models = []

    def remembered(path):
        pipeline = load(path)
        models.append(weakref.ref(pipeline))
        return pipeline

    service = Service("first", tmp_path, load=remembered, max_models=1)
    a, b = START
    for question in (Inside(a), Spot(a, b), Move(a, b)):
        service.ask(question)
    service.ask(Move(a, b, checkpoint="second"))
    gc.collect()
    assert [model() is None for model in models] == [True, False]
    service.close()
