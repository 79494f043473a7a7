"""Corpora and batches: from files to padded ids.

`corpus` knows the corpora by name, `files` reads text files and `hub` data sets of the Hugging Face Hub; `batches` tokenises
them and makes batches of like length. `probe_sentences` is a grammar of our own: 600 captions in four languages with known
factors. All but `batches` run without torch.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    batches="Batch TrainingData collate corrupt pad tokenize",
    corpus="CORPORA Group load_corpus",
    probe_sentences="FACTORS probe_set",
)
