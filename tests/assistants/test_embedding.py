"""The encoder in numpy gives what the model's own library gives."""

import asyncio
import errno
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from assistants.knowledge import embedding
from assistants.knowledge.embedding import DIMENSIONS, SHA256, MiniLM, ModelUnusable
from assistants.knowledge.wordpiece import words
from tenants import context
from tests.assistants.knowing import needs_model
from tests.thrift import computed_vectors

# Word pieces and first numbers as sentence-transformers computes them.
REFERENCE = {
    "This is an example sentence": (
        [101, 2023, 2003, 2019, 2742, 6251, 102],
        [0.06765693, 0.06349593, 0.04871314, 0.07930495, 0.03744806, 0.00265273],
    ),
    "Each sentence is converted.": (
        [101, 2169, 6251, 2003, 4991, 1012, 102],
        [0.07853645, 0.08856265, -0.00209270, -0.00717247, -0.01252624, 0.01881747],
    ),
    "": (
        [101, 102],
        [-0.11883835, 0.04829856, -0.00254805, -0.01101118, 0.05195070, 0.01029179],
    ),
    "Café déjà vu — 東京": (
        [101, 7668, 2139, 3900, 24728, 1517, 1879, 1755, 102],
        [0.05083271, 0.00967685, 0.09635572, -0.00997369, -0.01987603, 0.01692343],
    ),
}


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch):
    monkeypatch.setattr(embedding, "embed", computed_vectors)


@needs_model
@pytest.mark.parametrize("text", REFERENCE)
def test_a_text_gets_the_reference_pieces_and_numbers(text):
    pieces, numbers = REFERENCE[text]

    (vector,) = embedding.embed([text])

    assert embedding.model()._pieces.encode(text) == pieces
    assert np.abs(vector[:6] - numbers).max() < 1e-6


@needs_model
def test_vectors_are_of_unit_length_and_their_texts_own():
    texts = ["short", "A sentence of some more words.", "word " * 400]

    together = embedding.embed(texts)
    alone = np.concatenate([embedding.embed([text]) for text in texts])

    assert together.shape == (3, DIMENSIONS)
    assert np.abs(np.linalg.norm(together, axis=1) - 1).max() < 1e-5
    assert np.abs(together - alone).max() < 1e-6


@needs_model
def test_what_means_the_same_is_nearer_than_what_shares_words():
    question, same, other = embedding.embed(
        ["How do I get my money back?", "Refunds and returns", "How do I get my parcel?"]
    )

    assert question @ same > question @ other


@needs_model
def test_no_more_than_256_pieces_are_read():
    start = "one two three " * 100

    first, second = embedding.embed([start + "apples", start + "war"])

    assert len(embedding.model()._pieces.encode(start)) == 256
    assert np.abs(first - second).max() < 1e-6


@needs_model
def test_threads_share_one_model():
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(embedding.embed(["Hello there"])))
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(results) == 4
    assert all(np.abs(result - results[0]).max() < 1e-6 for result in results)


@needs_model
def test_texts_that_come_meanwhile_are_embedded_together(monkeypatch):
    texts, batches = [f"Text {number}" for number in range(20)], []
    begun, all_wait = threading.Event(), threading.Event()
    alone = embedding.embed(texts)

    def embed(questions):
        batches.append(len(questions))
        begun.set()
        assert all_wait.wait(5)
        return model.embed(questions)

    model = embedding.model()
    monkeypatch.setattr(embedding, "embed", embed)
    with ThreadPoolExecutor(20) as threads:
        first = threads.submit(embedding.embed_one, texts[0])
        begun.wait(5)
        rest = [threads.submit(embedding.embed_one, text) for text in texts[1:]]
        while len(embedding._together._waiting.get("", ())) < len(rest):
            time.sleep(0.001)
        all_wait.set()
        vectors = [wanted.result(5) for wanted in (first, *rest)]

    assert batches == [1, 16, 3]
    assert np.abs(np.stack(vectors) - alone).max() < 1e-6


@needs_model
async def test_nobodys_many_questions_hold_up_anothers_and_who_has_gone_is_left_out(monkeypatch):
    served, begun, all_wait = [], threading.Event(), threading.Event()

    def embed(questions):
        served.append(questions)
        begun.set()
        assert all_wait.wait(5)
        return model.embed(questions)

    def ask(sharer, text):
        token = context.tenant_id.set(sharer)
        vector = asyncio.ensure_future(embedding.vector_of(text))
        context.tenant_id.reset(token)
        return vector

    model = embedding.model()
    monkeypatch.setattr(embedding, "embed", embed)
    asked = [ask("one", "First")]
    await asyncio.to_thread(begun.wait, 5)
    asked += [ask("one", f"One {number}") for number in range(20)]
    asked += [ask("two", "Two")]
    await asyncio.sleep(0)
    asked.pop(1).cancel()
    await asyncio.sleep(0)
    all_wait.set()
    await asyncio.gather(*asked)

    assert [len(questions) for questions in served] == [1, 4, 4, 4, 4, 4]
    assert "Two" in served[1]
    assert not any("One 0" in questions for questions in served)


@needs_model
async def test_whoever_asks_for_the_first_time_in_a_while_is_not_kept(monkeypatch):
    monkeypatch.setattr(embedding, "GATHER_SECONDS", 60.0)
    monkeypatch.setattr(embedding, "_together", embedding.Together())
    tasks = []
    for sharer in ("one", "one", "two"):
        context.tenant_id.set(sharer)
        tasks.append(asyncio.create_task(embedding.vector_of(f"{sharer} {len(tasks)}")))
        if len(tasks) != 2:
            await asyncio.wait_for(tasks[-1], 10)

    # Who is kept goes along, as long as they are few.
    await asyncio.wait_for(tasks[1], 10)


@needs_model
def test_what_goes_wrong_with_a_batch_everybody_in_it_hears(monkeypatch):
    def embed(questions):
        raise ModelUnusable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(embedding, "embed", embed)
        with pytest.raises(ModelUnusable, match="gone"):
            embedding.embed_one("Hello")

    assert embedding.embed_one("Hello").shape == (DIMENSIONS,)


@needs_model
def test_a_clock_that_jumps_keeps_nobody_waiting(monkeypatch):
    def sleep(seconds):
        raise OSError(errno.EINVAL, "Invalid argument")

    together = embedding._together
    monkeypatch.setattr(together, "_served", {"": time.monotonic() + 3_600})
    assert together.vector_of("Hello").result(5).shape == (DIMENSIONS,)
    monkeypatch.setattr(embedding.time, "sleep", sleep)
    assert together.vector_of("Hello").result(5).shape == (DIMENSIONS,)


def test_no_texts_give_no_vectors():
    if embedding.available():
        assert embedding.embed([]).shape == (0, DIMENSIONS)


def test_without_the_package_the_model_is_not_available(monkeypatch):
    monkeypatch.setattr(embedding, "PACKAGE", "no_such_package")
    embedding._load.cache_clear()

    assert not embedding.available()

    with pytest.raises(ModelUnusable, match="not installed"):
        embedding.embed(["Hello"])
    monkeypatch.undo()
    embedding._load.cache_clear()


def test_weights_that_are_not_the_known_ones_are_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")

    with pytest.raises(ModelUnusable, match=r"model\.safetensors is not the file we know"):
        MiniLM(tmp_path)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(ModelUnusable, match="No such file"):
        MiniLM(tmp_path)


def test_the_pinned_checksums_are_whole():
    assert {len(digest) for digest in SHA256.values()} == {64}


def test_words_are_lower_cased_without_accents_and_punctuation_stands_alone():
    assert words("Éclair, don't\u200b STOP—東京\x00!") == [
        "eclair", ",", "don", "'", "t", "stop", "—", "東", "京", "!",
    ]  # fmt: skip
