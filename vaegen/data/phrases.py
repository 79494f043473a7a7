"""Everyday phrases of our own in four languages, by topic: what lies on a map beside the captions of the probe set."""

from __future__ import annotations

from pathlib import Path

from vaegen.data.probe_sentences import Probe

TOPIC = "topic"
FILE = Path(__file__).with_name("phrases.txt")


def phrases() -> list[Probe]:
    """Returns all phrases; their one factor is the topic."""
    head, *rows = FILE.read_text(encoding="utf-8").splitlines()
    codes = ("en", "de", "fr", "cs")
    assert head.endswith("English, German, French, Czech.")
    found = [row.split("|") for row in rows]
    return [Probe(dict(zip(codes, sentences, strict=True)), {TOPIC: topic}) for topic, *sentences in found]
