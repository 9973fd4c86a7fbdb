"""The command line: the front end at a terminal."""
