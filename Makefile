# Each recipe ends in exec, so that Ctrl-C and the exit code belong to the program and no shell stands between.
PYTHON_HERE := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test check openapi messages walkthrough bench prove

help:
	@echo "make demo          the whole system on this machine, until Ctrl-C (data are kept)"
	@echo "make demo-reset    forget the demo's data"
	@echo "make test          every test on real servers       ARGS='-k words' passes on to pytest"
	@echo "make check         ruff, mypy, import rules, migrations and API schema in step"
	@echo "make openapi       write docs/openapi.yaml anew"
	@echo "make messages      gather and compile the Chinese texts  ARGS=third-party those of libraries"
	@echo "make walkthrough   the main job from end to end      ARTICLE=path publishes that article"
	@echo "make bench         the benchmarks                    ONLY=name runs one"
	@echo "make prove         the fault proofs                  ONLY=name runs one"

demo:
	@scripts/bootstrap && exec $(PYTHON_HERE) -m qingshan.demo

demo-reset:
	@scripts/bootstrap && exec $(PYTHON_HERE) -m qingshan.demo --reset

# The mode is named, so that a running demo's addresses are never picked up.
test:
	@scripts/bootstrap && exec env QINGSHAN_MODE=test $(PYTHON_HERE) -m pytest -n 2 $(ARGS)

check:
	@scripts/bootstrap && exec scripts/check

openapi:
	@scripts/bootstrap && exec scripts/check openapi

messages:
	@scripts/bootstrap && exec scripts/messages $(ARGS)

walkthrough:
	@scripts/bootstrap && exec $(PYTHON_HERE) -m qingshan.walkthrough $${ARTICLE:+--article "$$ARTICLE"}

bench:
	@scripts/bootstrap && exec $(PYTHON_HERE) -m benchmarks $${ONLY:+"$$ONLY"}

prove:
	@scripts/bootstrap && exec $(PYTHON_HERE) -m benchmarks --prove $${ONLY:+"$$ONLY"}
