#!/usr/bin/env python
"""Runs the README's two set-up commands in a fresh clone and a fresh environment, and says how long they take.

    python scripts/measure/setup_time.py [--out docs/ledgers/setup.json]

The app itself runs until it is stopped; its start is measured by scripts/measure/startup_time.py.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {
    "pip install -r requirements.txt": "pip install -q -r requirements.txt",
    'pip install -r requirements.txt -e ".[dev]"': 'pip install -q -r requirements.txt -e ".[dev]"',
    "pytest": "pytest -q",
}


def main() -> int:
    """Runs the commands one after the other and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", help="write the figures to this JSON file")
    options = parser.parse_args()
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        subprocess.run([sys.executable, "-m", "venv", f"{folder}/env"], check=True)
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(f". {folder}/env/bin/activate && {command}", shell=True, cwd=clone, check=True)
            seconds[name] = round(time.perf_counter() - start)
    print(json.dumps(seconds, indent=1))
    if options.out:
        Path(options.out).write_text(json.dumps(seconds, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
