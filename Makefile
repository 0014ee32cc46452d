# ringstack: "make help" lists what there is to do. demo and test do all set-up themselves.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# A root shell often lacks these.
export PATH := $(PATH):/usr/local/go/bin:/usr/sbin:/sbin
# A checkout that belongs to another user than the one who builds has no version to be stamped.
export GOFLAGS += -buildvcs=false

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
SCRIPTS := scripts/*.sh .ci/run

.PHONY: help setup build demo test lint fmt bench fuzz clean storm

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "NO_HUGE=1 after setup or demo does without hugepages."

setup: ## install packages, reserve hugepages: only what is missing; as root (NO_HUGE=1)
	@scripts/setup.sh

build: ## build all programs into bin/
	@pkg-config --exists libdpdk || { echo "build: DPDK's headers are missing: run make setup as root" >&2; exit 1; }
	go build -o bin/ ./primary/ff-primary ./examples/dispatcher
	CGO_ENABLED=0 go build -o bin/ ./tools/... ./examples/... # static: these need no DPDK

demo: ## serve pages from two secondaries, kill one, count the mbufs; as root (NO_HUGE=1)
	@scripts/demo.sh

test: setup ## run all tests; as root
	@scripts/test.sh

lint: setup ## check format, vet, staticcheck and the scripts
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "make fmt would change:" $$unformatted >&2; exit 1; }
	go vet ./...
	go vet -tags gvisor ./secondary
	go vet -tags ringsteps ./ring
	go run $(STATICCHECK) ./...
	shellcheck $(SCRIPTS)

fmt: ## format all Go files
	gofmt -w .

bench: ## measure the native engine, gVisor's and the kernel's on one CPU: 2 minutes
	CGO_ENABLED=0 go run ./bench

fuzz: ## run every fuzz target, one after the other (FUZZTIME=60s)
	@scripts/fuzz.sh

storm: setup ## mix for MINUTES=5 all that may happen to a service, and report; as root
	go test -count=1 -v -timeout 0 -run '^TestStorm$$' ./internal/e2e -storm $(or $(MINUTES),5)m

clean: ## remove what build has made
	rm -rf bin
