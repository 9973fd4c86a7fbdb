"""A network's files: what a verifier holds, a repository on a disk, fetching and serving."""
