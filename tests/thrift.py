"""What the suite would pay for thousands of times, and learn nothing from."""

import functools

import numpy as np
import pytest
from django.template import RequestContext, Template
from django.test.signals import template_rendered
from httpx._transports import default as httpx_transports

from assistants.knowledge import embedding

computed_vectors = embedding.embed


@pytest.fixture(scope="session", autouse=True)
def pages_alone_tell_their_context(django_test_environment):
    """Only what a view rendered is told to the test client, not each of its thousand parts.

    A copy of the context for every include and widget takes as long as the page itself.
    """

    def render(template, context):
        if context.template is template and isinstance(context, RequestContext):
            template_rendered.send(sender=template, template=template, context=context)
        return template.nodelist.render(context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_trust_store():
    """The authorities' certificates are read once, not for every HTTP client that is made."""
    with pytest.MonkeyPatch.context() as patch:
        read = functools.cache(httpx_transports.create_ssl_context)
        patch.setattr(httpx_transports, "create_ssl_context", read)
        yield


@pytest.fixture(scope="session", autouse=True)
def vectors_are_remembered():
    """Assistants are taught the same few texts again and again: each is computed once a process."""
    known = {}

    def embed(texts):
        unknown = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(unknown, computed_vectors(unknown), strict=True))
        return np.stack([known[text] for text in texts]) if texts else computed_vectors(texts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding, "embed", embed)
        yield
