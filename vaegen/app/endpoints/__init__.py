"""The API: what the page does, for programs. Docstrings are what a client reads.

A module for each tab. An argument that a question has as a field takes its default from there, as the page does
(`tests/app/test_defaults.py` compares them).
"""

from __future__ import annotations

from vaegen.app.endpoints import attention, inside, interpolate, map, sample, translate
from vaegen.app.service import Service


def add_endpoints(service: Service) -> None:
    """Adds the endpoints to the page that is being built."""
    for module in (translate, interpolate, sample, map, attention, inside):
        module.add(service)
