# DATA is the folder that holds the corpora (multi30k/, tatoeba/, ...).
DATA ?= data

.PHONY: install app test lint front-end train evaluate benchmark

install:
	pip install -r requirements.txt -e ".[dev]"

app:
	python -m vaegen app

test:
	pytest

lint:
	ruff check .
	mypy
	lint-imports

front-end:
	npm ci
	npm run check

train:
	python -m vaegen train --preset cpu --data $(DATA) --corpora multi30k:1,multi30k-captions:0.015 \
		--tokenizer checkpoints/multi30k/tokenizer.json --out runs/multi30k

evaluate:
	python -m vaegen evaluate --checkpoint checkpoints/everyday --data $(DATA) --out checkpoints/everyday

benchmark:
	python scripts/measure/model_speed.py
	python scripts/measure/decoding_speed.py
