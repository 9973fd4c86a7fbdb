"""The network's metadata: who may say what, signed by how many, in The Update Framework's format."""
