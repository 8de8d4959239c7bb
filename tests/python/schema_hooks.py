"""What schemathesis cannot know by itself: how bodies are written that are no JSON."""

import schemathesis


@schemathesis.serializer("application/vnd.apache.arrow.stream", "application/x-ndjson")
def raw(_context, value):
    """Sends what was made up as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.deserializer("application/vnd.apache.arrow.stream", "application/octet-stream", "text/event-stream")
def unread(_context, response):
    """A text for what the document calls bytes, or a text."""
    return response.content.decode("latin-1")
