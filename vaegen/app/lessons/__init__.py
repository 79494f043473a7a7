"""Lessons as documents: one Markdown file each, in five languages; `docs/lessons.md` says how to write one."""
