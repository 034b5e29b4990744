# podclaw: `make` prints what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Where cargo puts it, now that the target is named (.cargo/config.toml). Asked when it is needed: cargo may not be there yet.
podclaw = $$(scripts/target-dir)/release/podclaw

.PHONY: help demo demo-clean test test-vm test-wipe test-scale check check-ci docs bench bench-docs fuzz build clean

help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1mmake %-11s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## From nothing to a running, contained OpenClaw (as root)
	@scripts/host-setup
	@scripts/cargo build --release --locked
	@scripts/demo $(podclaw)

demo-clean: ## Undo `make demo` (as root)
	@scripts/demo-clean $(podclaw)

test: ## Run all tests, those on a real Incus too, and look that nothing is left (as root)
	@scripts/test

test-vm: ## Run podclaw in a virtual machine whose kernel has AppArmor in force and cgroup version 2 (as root)
	@scripts/test-vm

test-wipe: ## Wipe a lab of 300 guests, and after 100 kills of podclaw and 20 of the daemon (as root; hours)
	@scripts/host-setup --tests
	@PODCLAW_WIPE_GUESTS=300 PODCLAW_WIPE_KILLS=100 PODCLAW_WIPE_RESTARTS=20 \
		scripts/cargo test --locked --test incus -- wipe:: --nocapture

test-scale: ## What each guest costs among 500, for list, audit, launch, prove, init and wipe (as root; an hour)
	@scripts/host-setup --tests
	@PODCLAW_SCALE_GUESTS=500 scripts/cargo test --locked --test incus -- scale::a_guest --nocapture

check: ## Format, lint and the tests that need no root
	@scripts/cargo fmt --check
	@scripts/cargo clippy --locked --all-targets -- -D warnings
	@scripts/cargo test --locked --lib --test cli --test profile --test report --test rules --test yaml
	@$(subst release,debug,$(podclaw)) lint

docs: ## Make docs/rules.md from the rules' own texts
	@scripts/cargo run --quiet --locked -- rule --markdown >target/rules.md
	@mv target/rules.md docs/rules.md

check-ci: ## Try what docs/ci and .pre-commit-hooks.yaml offer to users, as far as it goes without their services
	@scripts/check-ci-examples

bench: ## Measure lint and launches (as root), and keep the figures in target/bench.json
	@scripts/bench

bench-docs: ## Write what `make bench` measured into docs/performance.md and its plot
	@scripts/bench --docs

fuzz: ## Judge a million mutated documents; COUNT=n for another number
	@scripts/fuzz $(COUNT)

build: ## Build podclaw in release mode
	@scripts/cargo build --release --locked

clean: ## Remove what was built
	@scripts/cargo clean
