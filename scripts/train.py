#!/usr/bin/env python
"""Trains in a clone, without an install, and on several GPUs with `torchrun scripts/train.py`: `vaegen train`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from vaegen.commands.train import main

if __name__ == "__main__":
    sys.exit(main())
