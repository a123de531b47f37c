"""A tokenizer with the chat template of a test, and samples to render with it."""

import pytest

from core.schema import Message, Sample


@pytest.fixture
def with_template(tokenizer, monkeypatch):
    def change(template):
        monkeypatch.setattr(tokenizer, "chat_template", template)
        return tokenizer

    return change


def sample(*turns):
    """A sample of (role, content) or (role, content, weight)."""
    return Sample(7, tuple(Message(*turn) for turn in turns), None)
