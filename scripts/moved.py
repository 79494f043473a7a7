"""What replaces the scripts of version 0.1: each of them is a file that imports this one, which says so and ends."""

import sys
from pathlib import Path

COMMANDS = {
    "average": "average", "build_directions": "directions", "build_examples": "examples", "build_map": "map",
    "evaluate": "evaluate", "export_curves": "curves", "fetch_corpus": "corpus", "fit_prior": "prior", "train_lm": "lm",
    "train_tokenizer": "tokenizer", "translate": "translate",
}  # fmt: skip
MEASURES = {
    "app_latency": "app_latency", "benchmark": "model_speed", "benchmark_attention": "attention_speed",
    "compare": "compare", "load_test": "load_test", "measure_avoidance": "avoidance", "setup_time": "setup_time",
    "startup_time": "startup_time", "update_readme": "update_documents",
}  # fmt: skip
NOW = {name: f"vaegen {command}" for name, command in COMMANDS.items()}
NOW |= {name: f"python scripts/measure/{script}.py" for name, script in MEASURES.items()}

if (name := Path(sys.argv[0]).stem) in NOW:
    print(f"scripts/{name}.py has moved: use `{NOW[name]}`.", file=sys.stderr)
    sys.exit(2)
