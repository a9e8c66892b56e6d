# Thin: every target calls a script under scripts/. `make` alone explains them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local/dygateway
DESTDIR ?=
# Settings of `make run`; empty: the demo's own default.
export PORT ADMIN_PORT BACKEND_PORT RUN_DIR DETACH
# The parts of `make test` (lint, unit, lua, e2e) or of `make bench`; empty: all.
export ONLY
# Settings of `make bench` and `make soak`. bash counts a variable named SECONDS up by itself, hence another name.
export ROUNDS SCALE MINUTES SEED RESULTS
export BENCH_SECONDS = $(SECONDS)

.PHONY: help setup build lint test bench soak run stop install clean

help: ## This list
	@printf 'dygateway: a dynamic routing gateway on nginx + Lua\n\n'
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1|\2/p' Makefile | while IFS='|' read -r target what; do \
	  printf '%-16s%s\n' "$$target" "$$what"; done
	@printf '\nSettings:\n'
	@sed -nE 's/^## (.*)/  \1/p' Makefile

setup: ## Install what is missing; says what and why
	@scripts/setup test

build: ## Compile to lua-out/ and dist/; any warning fails
	@scripts/setup build
	@scripts/ts build

lint: ## Lint, types, stray Lua globals
	@ONLY=lint scripts/verify

test: ## Everything: lint, unit tests in Node and LuaJIT, end to end
	@scripts/verify

bench: ## Measure speed and memory against bare nginx; most of an hour
	@scripts/setup bench
	@scripts/ts build
	@exec scripts/ts bench run

soak: ## Ten minutes of load, changes and faults, every answer checked
	@scripts/setup run
	@scripts/ts build
	@exec scripts/ts bench soak

run: ## Start the demo: Redis, five backends, the gateway
	@scripts/setup run
	@scripts/ts build
	@exec scripts/ts demo start

stop: ## End a demo that runs
	@if [ -d node_modules ]; then scripts/ts demo stop; else echo "no demo is running"; fi

install: build ## Install to PREFIX, below DESTDIR where there is one
	@scripts/install "$(PREFIX)" "$(DESTDIR)"

clean: ## Remove what the build made: lua-out/ dist/ build/
	rm -rf lua-out dist build

## make run       PORT=8030 ADMIN_PORT=8080 BACKEND_PORT=8040 (five ports)
##                RUN_DIR=.run DETACH=1 (return when it is ready)
## make test      ONLY=lint|unit|lua|e2e
## make bench     ROUNDS=7 SECONDS=6 SCALE=1 RESULTS=bench/RESULTS.md
##                ONLY=variants,instructions,memory,load,changes,hostkeys,
##                upstreams,upstream_changes,upstream_scale,micro,lvs
## make soak      MINUTES=10 SEED=… RESULTS=bench/SOAK.md
## make install   PREFIX=/usr/local/dygateway DESTDIR=
