# The two commands: `make serve` looks at the site, `make test` proves it. Both install what is
# missing first. Everything they do stands in scripts/.
.PHONY: serve site test dist bench bench-quick tools clean

# Prints an address; PORT chooses another port than 8080.
serve:
	@sh scripts/serve.sh

# dist/, which works from any static host; fails where it is larger than size-budget.txt allows.
site:
	@sh scripts/site.sh

# BROWSERS=chrome,firefox,webkit narrows the browser tests.
test:
	@sh scripts/test.sh

# dist/ for publishing: smaller, checked, with its sizes.
dist:
	@sh scripts/dist.sh

# One table of what this program and others cost: benches/README.md. The first takes about half an
# hour and RECORD=1 writes it into benches/RESULTS.md; the second takes two minutes once built.
bench:
	@sh scripts/bench.sh $(if $(RECORD),--record)

bench-quick:
	@sh scripts/bench.sh --quick

clean:
	rm -rf dist target

# The tools below are installed side by side. `+` lets the cargo processes share make's job slots,
# so that together they use as many cores as -j says and not several times as many.
tools: $(addprefix tool-,$(TOOLS))

tool-%:
	+@sh scripts/install.sh $*
