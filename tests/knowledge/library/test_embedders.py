"""Embedders give unit vectors; a translation is nearer than another subject; an endpoint gets masked texts only."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from knowledge.library.embedders import OpenAIEmbedder, UniversalSentenceEmbedder
from knowledge.vocabulary.errors import UnavailableError


class _Embeddings(BaseHTTPRequestHandler):
    """An embeddings endpoint: each text's vector is its length and one."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server: Any = self.server
        server.bodies.append(body)
        data = [
            {"object": "embedding", "index": i, "embedding": [float(len(t)), 1.0]} for i, t in enumerate(body["input"])
        ]
        answer = json.dumps({"object": "list", "data": data, "model": "m", "usage": {}}).encode()
        self.send_response(server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def endpoint() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Embeddings)
    server.bodies, server.status = [], 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _openai(server: Any, dimensions: int = 2) -> OpenAIEmbedder:
    url = f"http://127.0.0.1:{server.server_port}/v1"
    return OpenAIEmbedder(url=url, model="m", dimensions=dimensions, timeout=2)


def test_vectors_are_unit_rows_of_the_stated_length(embedder: UniversalSentenceEmbedder) -> None:
    vectors = embedder.embed(["付款失败", "the payment failed"])
    assert vectors.shape == (2, embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


def test_a_translation_is_nearer_than_another_subject(embedder: UniversalSentenceEmbedder) -> None:
    chinese, english, other = embedder.embed(
        ["付款失败，库存仍被占用", "payment failed, stock still held", "我喜欢爬山"]
    )
    assert chinese @ english > chinese @ other + 0.2


def test_no_text_gives_no_row_and_an_empty_text_no_direction(embedder: UniversalSentenceEmbedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)
    assert not embedder.embed(["  "]).any()


def test_an_endpoint_is_asked_with_masked_texts(endpoint: Any) -> None:
    vectors = _openai(endpoint).embed(["call 13800138000", "a@b.com"])
    assert endpoint.bodies[0]["input"] == ["call ‹phone›", "‹email›"]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


def test_a_failing_endpoint_is_unavailable(endpoint: Any) -> None:
    endpoint.status = 500
    with pytest.raises(UnavailableError, match="embedder_unavailable"):
        _openai(endpoint).embed(["x"])


def test_vectors_of_another_length_are_refused(endpoint: Any) -> None:
    with pytest.raises(UnavailableError, match="expected 5 dimensions"):
        _openai(endpoint, dimensions=5).embed(["x"])
