"""The pages in a browser: the same engine, asked by JSON."""
