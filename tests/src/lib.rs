//! Integration tests, from outside.
