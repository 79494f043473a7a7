"""Our checkpoints for the Auto classes of transformers: a thin bridge, over our own search.

    import vaegen
    from transformers import AutoModel, AutoTokenizer, pipeline

    model, tokenizer = AutoModel.from_pretrained(checkpoint), AutoTokenizer.from_pretrained(checkpoint)
    ids = model.generate(**tokenizer(["A dog runs."], return_tensors="pt", padding=True), tgt_lang="de")
    pipeline("translation", model=checkpoint)("A dog runs.", tgt_lang="de")  # [{"translation_text": ...}]

Nothing here is imported before the module of transformers that it tells about us (`vaegen._Telling`): `import vaegen` brings
no transformers along, and `import transformers` no torch that it would not bring itself.
"""
