"""Ours against the peer: the directory both serve, the calls both answer, the differences that are meant."""
