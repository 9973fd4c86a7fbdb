"""How the conformance kit in `vectors/` is made: layer by layer, each of them wrong on purpose."""
