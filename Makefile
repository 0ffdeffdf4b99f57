# Two commands do all the set-up on a fresh Debian machine with Swift 6.3: `make demo`, `make test`.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: help demo test test-slurm build packages format lint fixtures bench quality train finetune curves python

SONG ?= Audio/demo-song.flac
INSTRUCTION ?= remove the drums
MODEL ?= music
BUILD := swift build -c release
AEDIT = $(shell $(BUILD) --show-bin-path)/aedit

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1 \t/' | expand -t 20

packages: ## install the Debian packages that are missing
	@Scripts/install-packages

build: packages ## build the command in release
	$(BUILD) --product aedit

demo: build ## edit a song of Audio/ by instruction (SONG=… INSTRUCTION="…")
	@out="$(basename $(notdir $(SONG))).edited.flac"; \
	$(AEDIT) "$(SONG)" "$(INSTRUCTION)" -o "$$out" --force && \
	$(AEDIT) spectrogram "$(SONG)" "$$out" -o "$${out%.flac}.png" --force && \
	echo "The edited song: $$out   before and after: $${out%.flac}.png"

test: packages ## build and run all tests
	Scripts/check-layers
	swift test -c release

test-slurm: build ## test batches on a Slurm of one node that is started here (takes minutes)
	Scripts/test-slurm

format: ## format the sources
	swift format --in-place --recursive Package.swift Sources Tests

lint: ## check the sources' format
	swift format lint --strict --recursive Package.swift Sources Tests

python: .venv/ready ## set up the Python of recipes, fixtures and benchmarks
.venv/ready: Models/training/requirements.txt
	python3 -m venv .venv
	wheel=$$(find / -xdev -name 'torch-*cpu*.whl' 2>/dev/null | head -1); \
	.venv/bin/pip install -q $${wheel:-torch} -r $<
	.venv/bin/pip install -q --no-deps tinysoundfont
	.venv/bin/pip install -q --no-deps --target .venv/torchaudio torchaudio
	touch $@

fixtures: python ## make the parity fixtures anew from PyTorch
	for script in Tests/Fixtures/make_*.py; do .venv/bin/python $$script || exit 1; done

train: python ## train a model from nothing or on from its checkpoint (MODEL=music|sound|text|speech|bandwidth)
	Models/training/$(MODEL)/train

finetune: MODEL = mask
finetune: python ## train on your own stems (STEMS=dir MODEL=mask|editor OUT=file MINUTES=n)
	@[ "$(STEMS)" ] || { echo "finetune: STEMS=… names a folder of songs' folders" >&2; exit 2; }
	.venv/bin/python -m Models.training.music.finetune --stems "$(STEMS)" --model $(MODEL) \
	  $(if $(OUT),--out "$(OUT)") $(if $(MINUTES),--minutes $(MINUTES))

curves: python ## draw the training logs
	.venv/bin/python -m Models.training.curves

bench: build ## speed against the peers
	Benchmarks/speed/run

quality: build python ## the quality tables of the README
	@work="$${AEDIT_WORK:-.train}/eval"; q=".venv/bin/python -m Benchmarks.quality"; set -e; \
	[ -f "$$work/validation/items.jsonl" ] || $$q.items --split validation --out "$$work/validation"; \
	$$q.run --items "$$work/validation" --out "$$work/results"; \
	$$q.run --items "$$work/validation" --out "$$work/results" --method diffusion \
	  --operations extract remove; \
	$$q.table --items "$$work/validation" --results "$$work/results" --codec Models/music \
	  --markdown Benchmarks/quality/RESULTS.md --json Benchmarks/quality/results.json
