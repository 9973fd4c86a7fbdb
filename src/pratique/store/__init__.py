"""All input and output: files, networks, devices. Only front ends come here."""
