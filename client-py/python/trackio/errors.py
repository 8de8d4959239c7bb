"""Errors that programs written for wandb catch."""

from __future__ import annotations


class Error(Exception):
    """Any error of the tracker."""


class CommError(Error):
    """A server cannot be reached."""


class UsageError(Error):
    """Something was called in a way that cannot work."""


class AuthenticationError(CommError):
    """A server does not take the token."""


class NoRunError(UsageError, RuntimeError):
    """No run is open, and one is needed."""


class UnsupportedError(UsageError):
    """Something that does not exist here."""


class ConfigError(Error):
    """Never raised here: what is set in a config may be changed."""


class WaitTimeoutError(Error):
    """Something took too long."""


class MailboxError(Error):
    """Never raised here."""


class RunNotFoundError(Error):
    """There is no such run."""
