# The two commands: `make serve` looks at the site, `make test` proves it. Both install what is
# missing first. Everything they do stands in scripts/.
.PHONY: serve site test dist tools clean

# Prints an address; PORT chooses another port than 8080.
serve:
	@sh scripts/serve.sh

# dist/, which works from any static host.
site:
	@sh scripts/site.sh

# BROWSERS=chrome,firefox,webkit narrows the browser tests.
test:
	@sh scripts/test.sh

# dist/ for publishing: smaller, checked, with its sizes.
dist:
	@sh scripts/dist.sh

clean:
	rm -rf dist target

# The tools below are installed side by side. `+` lets the cargo processes share make's job slots,
# so that together they use as many cores as -j says and not several times as many.
tools: $(addprefix tool-,$(TOOLS))

tool-%:
	+@sh scripts/install.sh $*
