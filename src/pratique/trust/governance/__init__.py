"""Is a participant's key material fit to be sent? The network's own checks, and what they leave out."""
