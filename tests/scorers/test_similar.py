"""similar, the lexical embedder, and the one of sentence-transformers."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptgit.core.dataset import Case
from promptgit.scorers.lexical import LexicalEmbedder, words
from promptgit.scorers.similar import similar

CORPUS = ["the order is late", "the order is lost", "the refund is on its way"]


class Fixed:
    """An embedder that finds everything equally alike."""

    name = "fixed"

    def __init__(self, cosine):
        self.cosine = cosine

    def similarity(self, left, right):
        return self.cosine


def a_case(expected):
    return Case("c-1", {}, expected)


def test_the_weights_are_those_of_tf_idf_with_smoothing():
    # By hand: 3 texts; "the" is in 3, "order" in 2, "late" in 1; idf = ln(4 / (1 + df)) + 1.
    the, order, late = 1, math.log(4 / 3) + 1, math.log(4 / 2) + 1
    left, right = math.hypot(the, order), math.hypot(the, late)

    found = LexicalEmbedder(CORPUS).similarity("the order", "late the")

    assert found == pytest.approx(the * the / (left * right))


def test_a_word_counts_as_often_as_it_is_written():
    embedder = LexicalEmbedder(["a b"])

    assert embedder.similarity("a a b", "a") == pytest.approx(2 / math.sqrt(5))


def test_a_word_that_is_rare_in_the_corpus_weighs_more():
    embedder = LexicalEmbedder(CORPUS)

    assert embedder.similarity("order late", "late") > embedder.similarity("order late", "order")
    assert embedder.similarity("order zebra", "zebra") > embedder.similarity("order late", "late")


@given(st.text(), st.text())
def test_similarity_is_symmetric_and_between_0_and_1(left, right):
    embedder = LexicalEmbedder(CORPUS, ngram=3)

    found = embedder.similarity(left, right)

    assert 0 <= found <= 1
    assert found == embedder.similarity(right, left)
    assert embedder.similarity(left, left) == 1


def test_words_in_common_count_and_their_order_does_not():
    embedder = LexicalEmbedder(CORPUS)

    assert embedder.similarity("order late", "late order") == pytest.approx(1)
    assert embedder.similarity("zebra", "giraffe") == 0
    assert embedder.similarity("", "order") == 0


def test_pieces_of_words_bring_inflections_together():
    plain, pieces = LexicalEmbedder(CORPUS), LexicalEmbedder(CORPUS, ngram=3)

    assert plain.similarity("refund", "refunded") == 0
    assert 0.3 < pieces.similarity("refund", "refunded") < 1


def test_scripts_without_spaces_are_compared_by_character():
    assert words("注文は4417です") == ["注", "文", "は", "4417", "で", "す"]
    assert words("สวัสดี")[0] == "ส"
    assert words("L’été, DON'T!") == ["l’été", "don't"]


def test_the_lexical_embedder_says_what_it_is_not():
    assert LexicalEmbedder([]).name == "lexical (word overlap, not meaning)"
    assert "alike in words" in similar(a_case("a b"), "a", embedder=LexicalEmbedder(CORPUS)).why


def test_the_why_names_the_heaviest_missing_words_first():
    embedder = LexicalEmbedder(CORPUS)

    score = similar(a_case("the order and the refund"), "the order", embedder=embedder)

    assert score.why.endswith("; missing: and, refund")  # "and" is in no text of the corpus
    assert similar(a_case("the order"), "the order", embedder=embedder).why == "1.00 alike in words"


def test_any_embedder_gets_the_missing_words_named():
    score = similar(a_case("sorry, your refund is late"), "it is", embedder=Fixed(0.41))

    assert score.value == 0.41
    assert score.why == "0.41 alike; missing: refund, sorry, late, your"


def test_a_cosine_beyond_its_bounds_is_brought_back():
    assert similar(a_case("a"), "b", embedder=Fixed(-0.2)).value == 0
    assert similar(a_case("a"), "b", embedder=Fixed(1.0000002)).value == 1


def run_python(code, *path):
    preamble = f"import sys; sys.path[:0] = {list(map(str, path))!r}\n"
    command = [sys.executable, "-c", preamble + code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_without_sentence_transformers_the_error_says_what_to_install():
    done = run_python(
        "sys.modules['sentence_transformers'] = None\n"
        "from promptgit.errors import UserError\n"
        "from promptgit.scorers.sentences import SentenceEmbedder\n"
        "try:\n    SentenceEmbedder()\n"
        "except UserError as error:\n    print(error, '|', error.hint)\n"
    )

    assert "is not installed | pip install sentence-transformers, or" in done.stdout


def test_the_sentence_embedder_compares_unit_vectors_and_embeds_each_text_once(tmp_path):
    (tmp_path / "sentence_transformers.py").write_text(
        "import numpy\n"
        "class SentenceTransformer:\n"
        "    def __init__(self, name):\n"
        "        if name == 'absent': raise OSError('no such model\\nlong story')\n"
        "    def encode(self, text, normalize_embeddings, show_progress_bar):\n"
        "        assert normalize_embeddings and not show_progress_bar\n"
        "        print('encoded', text)\n"
        "        return numpy.array([1.0, 0.0]) if 'a' in text else numpy.array([0.6, 0.8])\n"
    )

    done = run_python(
        "from promptgit.errors import UserError\n"
        "from promptgit.scorers.sentences import SentenceEmbedder\n"
        "embedder = SentenceEmbedder('tiny')\n"
        "print(embedder.name, embedder.similarity('a', 'b'), embedder.similarity('b', 'a'))\n"
        "try:\n    SentenceEmbedder('absent')\n"
        "except UserError as error:\n    print(error)\n",
        tmp_path,
    )

    assert done.stdout.splitlines() == [
        "encoded a",
        "encoded b",
        "sentence-transformers/tiny 0.6 0.6",
        "the sentence-transformers model 'absent' does not load: no such model",
    ]
