"""Saves the tiny model and its tokenizer into a folder, as a script finds them that was given a name."""

import sys

import tiny

words = tiny.tokenizer()
tiny.model(words).save_pretrained(sys.argv[1])
words.save_pretrained(sys.argv[1])
