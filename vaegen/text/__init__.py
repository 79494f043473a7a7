"""Text in and out, without a model: everything here runs without torch.

`tokenizer` makes ids of text and back; `tags` says what a decoder can be asked for (a language, or a task such as
"en.short"). `cleaning` prepares corpora and refuses bad input, `chinese` simplifies characters, `words` joins sub-words
into words. `sensitive` holds the word lists that decoding is led around, with `spelling` for how their words are found.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    tokenizer="Tokenizer detect_language",
    cleaning="CleaningReport check_text clean",
    chinese="simplified",
    tags="LANGUAGE_NAMES",
    sensitive="WordList",
)
