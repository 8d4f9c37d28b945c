# Every target sets up what it needs. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
BIN := .venv/bin
# `make html LANGUAGE=de` builds a translation, into build/de. The shell has a variable of that name: only what is typed counts.
ifeq ($(origin LANGUAGE),command line)
SPHINXOPTS = -q -W --keep-going -n -j auto -D language=$(LANGUAGE)
BUILD := build/$(LANGUAGE)
else
override LANGUAGE :=
BUILD := build
endif
unexport LANGUAGE
SPHINXOPTS ?= -q -W --keep-going -n -j auto
# Each builder has a doctree folder of its own: a shared one breaks gettext and epub.
# What was read with a warning is read again: Sphinx would keep the page and be silent the next time.
SPHINX = $(BIN)/sphinx-build $(SPHINXOPTS) -c . -d $(BUILD)/doctrees/$(1) -b $(1) source $(BUILD)/$(or $(2),$(1)) \
	|| { rm -rf $(BUILD)/doctrees/$(1); false; }
comma := ,
export RUN_DIR

.PHONY: help setup html text pdf latexpdf warroom translations publish redirects serve test doctest drill coverage sabotage measure lint format spelling linkcheck up down status bench stress fuzz lock clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

setup:  ## Set up .venv from requirements.txt
	@tools/bootstrap.sh

html: setup  ## Build the manual: build/html/index.html; with LANGUAGE=de, as all of these: build/de/html/index.html
	@$(call SPHINX,html)
	@echo "The manual is in $(BUILD)/html/index.html"

text: setup  ## Build the manual as plain text: build/text
	@$(call SPHINX,text)
	@echo "The manual is in $(BUILD)/text"

pdf: SPHINXOPTS += $(if $(ONLY),-D drillbook_pdf_only='$(ONLY)')
pdf: setup  ## Build the manual as one PDF, or ONLY=alerts/HighLatency,procedures: build/pdf
	@$(if $(filter zh%,$(LANGUAGE)),tools/need.sh fonts-noto-cjk)
	@$(call SPHINX,typst,pdf)
	@ls -t $(BUILD)/pdf/*.pdf | sed 1q

latexpdf: setup  ## The same by TeX, for those who have it (latexmk, xelatex): build/latex
	@command -v latexmk >/dev/null || { echo "error: latexmk is missing; make pdf needs no TeX" >&2; exit 1; }
	@$(call SPHINX,latex)
	@$(MAKE) -C $(BUILD)/latex

warroom: pdf  ## Bundle all of it for a room without a network: build/warroom
	@rm -rf $(BUILD)/offline
	@$(call SPHINX,html,offline)
	@PYTHONPATH=ext $(BIN)/python -m drillbook warroom --html $(BUILD)/offline --pdf "$$(ls -t $(BUILD)/pdf/*.pdf | sed 1q)" \
		--target $(BUILD)/warroom

translations: setup  ## Renew the catalogues of all languages, with NEW=fr begin one, and check them: build/translations
	@rm -rf $(BUILD)/gettext  # or pages that are gone would come back
	@$(call SPHINX,gettext)
	@$(BIN)/sphinx-intl update --pot-dir $(BUILD)/gettext --locale-dir source/locales --line-width 0 \
		$(foreach language,$(sort $(NEW) $(notdir $(wildcard source/locales/*))),--language $(language)) > $(BUILD)/gettext/update.log
	@PYTHONPATH=ext $(BIN)/python -m drillbook translations

publish: setup  ## Publish all versions and languages as one folder: build/site
	@PYTHONPATH=ext $(BIN)/python -m drillbook publish

redirects: setup  ## Check by git alone that each page that is gone since the last release has a redirect
	@PYTHONPATH=ext $(BIN)/python -m drillbook publish --redirects

serve: setup  ## Publish this working tree, and serve it at http://127.0.0.1:8000/ (PORT=)
	@PYTHONPATH=ext $(BIN)/python -m drillbook publish --worktree --only latest
	@mkdir -p var  # what readers say is kept there: no build brings it back
	@PYTHONPATH=ext $(BIN)/python -m drillbook serve --port $(or $(PORT),8000) --database sqlite:///var/feedback.sqlite

test: setup  ## Run every test of the toolkit, the system and the manual
	@tools/need.sh curl git chromium firefox-esr
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTESTOPTS)

doctest: SPHINXOPTS += $(if $(ONLY),-D drillbook_only='$(ONLY)')
doctest: setup  ## Prove every example, or ONLY=page,procedure: build/doctest/report.json
	@tools/need.sh bubblewrap git
	@$(call SPHINX,doctest)
	@grep '^all ' $(BUILD)/doctest/output.txt

coverage: setup  ## Live facts against the manual, and how much is proven: build/coverage/report.json
	@$(call SPHINX,ops-coverage,coverage); status=$$?; sed -n '/^Summary$$/,$$p' $(BUILD)/coverage/output.txt; \
	echo "All of it is in $(BUILD)/coverage/output.txt"; exit $$status

sabotage: setup  ## Sow known faults into copies, see them caught: build/sabotage/report.json (ONLY=, SAMPLE=, SEED=)
	@env -u ONLY -u SAMPLE -u SEED PYTHONPATH=ext $(BIN)/python -m drillbook sabotage --only '$(ONLY)' --sample $(or $(SAMPLE),0) --seed $(or $(SEED),1)

drill: SPHINXOPTS += -D drillbook_drills='$(if $(ALL),all,$(ONLY))'
drill: setup  ## Drill the core and what is not proven, ONLY=HighLatency, or ALL=1: build/drill/report.json
	@tools/need.sh bubblewrap
	@$(call SPHINX,drill)

measure: setup  ## Measure what the tuning pages show: what is old, ONLY=cache-ttl, or ALL=1. On a quiet machine
	@PYTHONPATH=ext $(BIN)/python -m drillbook measure $(if $(ALL),--all) $(subst $(comma), ,$(ONLY))

lint: setup  ## Check style, types and the directions of imports
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary
	@PYTHONPATH=ext:system $(BIN)/lint-imports --no-logo > .import_linter.log 2>&1 || { cat .import_linter.log; rm -f .import_linter.log; exit 1; }
	@rm -f .import_linter.log
	@echo "lint: no complaints"

format: setup  ## Format the code
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

spelling: setup  ## Check the spelling of the manual: build/spelling
	@tools/need.sh libenchant-2-2 hunspell-en-gb
	@rm -rf $(BUILD)/spelling
	@{ $(call SPHINX,spelling); } || { find $(BUILD)/spelling -name '*.spelling' -exec cat {} +; exit 1; }
	@echo "spelling: no complaints"

linkcheck: setup  ## Check the links that lead outside (needs a network)
	@$(call SPHINX,linkcheck)

up: setup  ## Start the documented system here (RUN_DIR names its folder)
	@$(BIN)/python system/stack.py up

down: setup  ## Stop it
	@$(BIN)/python system/stack.py down

status: setup  ## Show what runs
	@$(BIN)/python system/stack.py status

bench: setup  ## Measure build time and page load, with SIZES=50,500,2000 search and PDF, too, or ONLY=feedback: build/bench
	@$(if $(ONLY),,tools/need.sh chromium)
	@PYTHONPATH=ext $(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(SIZES),--sizes $(SIZES))

stress: setup  ## Load and kill loops against the system, for as long as STRESS_S seconds
	@STRESS_S=$${STRESS_S:-600} $(BIN)/python -m pytest --timeout 0 tests/stress $(PYTESTOPTS)

fuzz: setup  ## Feed the toolkit FUZZ bad pages (10000), with FUZZ_SEED
	@FUZZ=$${FUZZ:-10000} $(BIN)/python -m pytest --numprocesses 2 -v tests/fuzz $(PYTESTOPTS)

lock: setup  ## Renew requirements.txt from requirements.in
	@$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt

clean:  ## Remove what was built; what cannot be built again is in var, and stays
	@rm -rf $(BUILD) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
