import datetime

import pytest

from promptgit import plugins
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Metric, Score
from promptgit.core.ports import Answer, ModelIdentity
from promptgit.errors import CallFailed, PluginNotFound, UserError
from promptgit.evaluate.suite import Assertion, bind, default_assertions
from promptgit.scorers.lexical import LexicalEmbedder
from promptgit.testing.scripted import ScriptedModel

CASE = Case("c-1", {"order_id": "4417", "name": "Ada"}, "On its way.", {"limit": "3"})


def a_suite(*assertions, **injected):
    return bind(assertions, plugins.scorer, injected=injected, where="reply.eval.yaml")


def score(assertion, output="Order 4417 is on its way.", case=CASE, **injected):
    """The only score that the assertion gives to an output."""
    answer = output if isinstance(output, Answer) else Answer(output)
    (found,) = a_suite(assertion, **injected).score(case, answer).values()
    return found


def refused(assertion, find=plugins.scorer, **injected):
    with pytest.raises(UserError) as error:
        bind([assertion], find, injected=injected, where="reply.eval.yaml")
    return error.value


def half(case, output, *, least=0.5, judge=None):
    return Score(least, "half of it")


def finding(**scorers):
    return lambda name: scorers[name]


# Names and weights


def test_a_metric_is_called_what_the_assertion_is_unless_it_has_a_name():
    suite = a_suite(
        Assertion("contains", value="a"),
        Assertion("not-contains", value="b"),
        Assertion("contains", value="c", metric="has-c", weight=3),
    )

    assert suite.metrics == (
        Metric("contains", 1.0),
        Metric("not-contains", 1.0),
        Metric("has-c", 3.0),
    )


def test_no_two_metrics_share_a_name():
    same = Assertion("contains", value="a")

    suite = a_suite(same, Assertion("equals", metric="contains-2"), same, same)

    names = [metric.name for metric in suite.metrics]
    assert [metric.name for metric in a_suite(same, same).metrics] == ["contains", "contains-2"]
    assert names == ["contains", "contains-2", "contains-3", "contains-4"]
    assert list(suite.score(CASE, Answer("a"))) == names


@pytest.mark.parametrize("name", ["two\nlines", "\u202e", "x" * 61])
def test_a_name_is_short_and_visible(name):
    assert "a metric's name" in refused(Assertion("equals", metric=name)).message


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf"), "2", True])
def test_a_weight_is_a_number_from_0_up(weight):
    assert "weight" in refused(Assertion("contains", value="a", weight=weight)).message


def test_a_weight_of_0_only_informs():
    informing = Assertion("contains", value="a", weight=0)

    suite = a_suite(informing, Assertion("contains", value="b"))

    assert [metric.weight for metric in suite.metrics] == [0, 1]


def test_weights_of_0_alone_would_measure_nothing():
    with pytest.raises(UserError, match="weight 0"):
        a_suite(Assertion("contains", value="a", weight=0))


def test_without_an_assertion_there_is_no_suite():
    with pytest.raises(UserError, match="nothing would be measured"):
        a_suite()


# Values


def test_a_template_is_filled_from_the_columns_of_the_case():
    assert score(Assertion("contains", value="{{ order_id }}")).value == 1
    assert score(Assertion("contains", value="Order {{ order_id }} is")).value == 1
    assert score(Assertion("icontains", value="{{ expected }}")).value == 1
    assert score(Assertion("word-count", value={"max": "{{ limit }}"})).value == 0
    assert score(Assertion("contains-all", value=["Order", "{{ order_id }}"])).value == 1
    assert score(Assertion("contains", value="{% if name %}4417{% endif %}")).value == 1


def test_a_template_without_its_column_names_the_case_and_the_columns():
    for template in ("{{ order }}", "no {{ order }}"):
        with pytest.raises(UserError) as error:
            score(Assertion("contains", value=template))

        assert error.value.message == (
            "reply.eval.yaml, assertion 1 (contains), case c-1: 'order' is undefined"
        )
        assert error.value.hint == "the case has the columns: expected, limit, name, order_id"


def test_a_template_stays_in_its_sandbox():
    attack = "{{ ''.__class__.__mro__[1].__subclasses__() }} x"

    with pytest.raises(UserError, match="unsafe"):
        score(Assertion("contains", value=attack))


def test_a_template_cannot_run_for_hours():
    loop = "{% for i in range(99999) %}"

    with pytest.raises(UserError, match="steps"):
        score(Assertion("contains", value=f"{loop}{loop}{{% endfor %}}{{% endfor %}}"))


def test_a_column_is_data_even_when_it_looks_like_a_template():
    case = Case("c-1", {"a": "{{ b }}", "b": "secret"})

    assert score(Assertion("contains", value="{{ a }}"), "secret", case).value == 0
    assert score(Assertion("contains", value="{{ a }}!"), "{{ b }}!", case).value == 1


def test_a_broken_template_is_refused_before_the_first_answer():
    error = refused(Assertion("contains", value="{{ order_id"))

    assert error.message.startswith("reply.eval.yaml, assertion 1 (contains): the template")


def test_values_are_taken_as_yaml_gives_them():
    assert score(Assertion("contains", value=4417)).value == 1
    assert score(Assertion("contains", value=datetime.date(2026, 11, 21)), "2026-11-21").value == 1


def test_a_value_may_be_in_a_file():
    files = {"a.txt": "{{ order_id }}", "schema.json": '{"type": "array"}', "bad.json": "{"}

    def read_file(path):
        if path not in files:
            raise UserError(f"{path} is not in the commit")
        return files[path]

    assert score(Assertion("contains", value="file://a.txt"), read_file=read_file).value == 1
    in_file = Assertion("is-json", value="file://schema.json")
    assert score(in_file, "{}", read_file=read_file).why == "{} is not of type 'array'"
    for path in ("b.txt", "bad.json"):
        error = refused(Assertion("is-json", value=f"file://{path}"), read_file=read_file)
        assert error.message.startswith("reply.eval.yaml, assertion 1 (is-json): ")
        assert path in error.message


def test_a_file_is_read_once_so_that_what_is_hashed_is_what_runs():
    reads = []

    def read_file(path):
        reads.append(path)
        return f"def get_assert(output, context): return {1 / len(reads)}"

    suite = a_suite(Assertion("python", value="file://a.py"), allow_code=True, read_file=read_file)

    scores = [suite.score(CASE, Answer("x"))["python"].value for _ in range(2)]
    assert scores == [1, 1]
    assert reads == ["a.py"]


# Thresholds and not-


def test_a_threshold_makes_a_graded_score_pass_or_fail_and_quotes_both():
    near = Assertion("json-fields", value={"a": 1, "b": 2, "c": 3, "d": 4}, threshold=0.75)

    assert score(near, '{"a": 1, "b": 2, "c": 3}').why.startswith("0.75 ≥ 0.75: ")
    assert score(near, '{"a": 1, "b": 2}').why.startswith("0.50 < 0.75: ")


def test_a_scorer_with_a_threshold_of_its_own_gets_it_in_its_own_unit():
    answer = Answer("x", latency_s=0.2)

    assert score(Assertion("latency", threshold=300), answer).value == 1
    assert score(Assertion("latency", threshold=100), answer).value == 0


@pytest.mark.parametrize("threshold", [-0.1, 1.1, 5, float("nan"), "0.5", True])
def test_a_threshold_that_no_score_can_meet_is_refused(threshold):
    assert "threshold" in refused(Assertion("equals", threshold=threshold)).message


def test_the_threshold_of_levenshtein_is_a_number_of_edits_as_in_promptfoo():
    near = Assertion("levenshtein", value="kitten", threshold=3)

    assert (score(near, "sitting").value, score(near, "sittings").value) == (1, 0)


def test_not_turns_a_check_around_and_says_what_is_unwanted():
    never = Assertion("not-contains", value="sorry")

    assert score(never, "fine") == Score(1.0, '"sorry" is missing')
    assert score(never, "sorry") == Score(0.0, 'unwanted: has "sorry"')


def test_not_with_a_threshold_is_the_opposite_of_pass_or_fail():
    unlike = Assertion("not-levenshtein", value="abcd", threshold=1)
    graded = Assertion("not-levenshtein", value="abcd", options={"graded": True})

    assert score(unlike, "abxx").value == 1
    assert score(unlike, "abcd").value == 0
    assert score(graded, "abxx").value == 0.5


# Options


def test_options_reach_the_scorer():
    strict = Assertion("equals", value="X")
    loose = Assertion("equals", value="X", options={"ignore_case": True})

    assert (score(strict, "x").value, score(loose, "x").value) == (0, 1)


def test_an_unknown_option_is_refused_with_the_nearest_known_one():
    error = refused(Assertion("equals", value="x", options={"ignorecase": True}))

    assert error.message == (
        "reply.eval.yaml, assertion 1 (equals): no option is called 'ignorecase'"
    )
    assert error.hint == "did you mean 'ignore_case'?"


def test_the_number_in_a_message_counts_from_1():
    with pytest.raises(UserError, match=r"assertion 2 \(regex\)"):
        a_suite(Assertion("contains", value="a"), Assertion("regex", value="("))


def test_an_unknown_scorer_is_refused_with_the_nearest_known_one():
    error = refused(Assertion("not-contians", value="a"))

    assert isinstance(error, PluginNotFound)
    assert error.message == (
        "reply.eval.yaml, assertion 1 (not-contians): no scorer is called 'contians'"
    )
    assert error.hint == "did you mean 'contains'?"


@pytest.mark.parametrize("name", ["answer", "judge", "embedder", "allow_code", "read_file"])
def test_what_promptgit_gives_to_a_scorer_cannot_come_from_a_file(name):
    error = refused(Assertion("python", value="file://a.py", options={name: True}), read_file=str)

    assert "cannot be set in a file" in error.message or "code" in error.message
    assert "cannot be set" in refused(Assertion("equals", options={name: True})).message


def test_an_option_has_the_type_of_its_default():
    assert "true or false" in refused(Assertion("equals", options={"strip": "no"})).message
    number = Assertion("regex", value="a", options={"timeout_s": "1"})
    assert "timeout_s is a number" in refused(number).message
    assert score(Assertion("regex", value="a", options={"timeout_s": 1}), "a").value == 1


@pytest.mark.parametrize(
    ("assertion", "message"),
    [
        (Assertion("word-count"), "it needs `value`"),
        (Assertion("latency"), "it needs `threshold`"),
        (Assertion("latency", value=3, threshold=3), "it takes no `value`"),
        (Assertion("regex", value="("), "is broken"),
        (Assertion("is-json", value={"type": "strin"}), "JSON Schema is wrong"),
        (Assertion("word-count", value={"maxi": 3}), "not 'maxi'"),
        (Assertion("contains", value=["a"]), "one text"),
        (Assertion("contains", value=float("inf")), "not a number"),
        (Assertion("llm-rubric", value="is kind"), "it needs `judge`"),
        (Assertion("similar"), "it needs `embedder`"),
        (Assertion("contains", value="file://a.txt"), "cannot be read"),
    ],
)
def test_a_mistake_is_found_before_the_first_answer(assertion, message):
    assert message in refused(assertion).message


def test_code_is_refused_until_somebody_allows_it():
    code = Assertion("python", value="file://a.py")
    files = {"a.py": "def get_assert(output, context): return 1"}

    for injected in ({}, {"allow_code": False}):
        error = refused(code, read_file=files.__getitem__, **injected)
        assert "--allow-code" in error.hint
    assert score(code, read_file=files.__getitem__, allow_code=True).value == 1


def test_no_judge_is_asked_and_no_code_runs_while_a_suite_is_bound():
    judge = ScriptedModel("{}")

    a_suite(Assertion("llm-rubric", value="is kind"), judge=judge)
    a_suite(
        Assertion("python", value="file://a.py"),
        allow_code=True,
        read_file={"a.py": "raise SystemExit(1)"}.__getitem__,
    )

    assert judge.calls == 0


def test_a_scorer_gets_what_it_asks_for_and_nothing_else():
    judge = ScriptedModel('{"score": 0.5}')
    embedder = LexicalEmbedder(["a"])
    suite = a_suite(
        Assertion("llm-rubric", value="about {{ name }}"),
        Assertion("similar"),
        Assertion("contains", value="a"),
        judge=judge,
        embedder=embedder,
        allow_code=False,
    )

    scores = suite.score(CASE, Answer("a"))

    assert scores["llm-rubric"].value == 0.5
    assert "about Ada" in judge.requests[0].messages[0].text


def test_a_judge_that_is_down_is_not_a_score():
    down = ScriptedModel([CallFailed("500", kind="server")])

    with pytest.raises(CallFailed) as failed:
        score(Assertion("llm-rubric", value="is kind"), judge=down)

    assert failed.value.kind == "judge"


def test_a_plug_in_that_returns_no_score_is_refused():
    error = refused(Assertion("bad"), finding(bad=lambda case, output: 1.0))

    assert "not a Score" in error.message


def test_a_plug_in_that_takes_anything_is_refused():
    error = refused(Assertion("bad"), finding(bad=lambda case, output, **options: Score(1.0)))

    assert "names its options" in error.message


def test_something_injected_may_be_optional():
    suite = bind([Assertion("half")], finding(half=half), injected={})

    assert suite.score(CASE, Answer("x"))["half"] == Score(0.5, "half of it")


def test_a_mistake_in_a_case_names_the_case():
    silent = Case("c-9", {})

    with pytest.raises(UserError, match="case c-9: the case expects nothing"):
        score(Assertion("equals"), "x", silent)


# Digests


def digest(*assertions, **injected):
    return a_suite(*assertions, **injected).digest


def test_the_digest_is_the_same_for_the_same_suite():
    one = Assertion("equals", value={"b": 1, "a": 2}, options={"strip": True, "ignore_case": True})
    same = Assertion("equals", value={"a": 2, "b": 1}, options={"ignore_case": True, "strip": True})

    assert digest(one) == digest(same)
    assert len(digest(one)) == 64


def test_the_digest_changes_with_everything_that_can_change_a_score():
    base = Assertion("levenshtein", value="x")
    others = [
        Assertion("not-levenshtein", value="x"),
        Assertion("levenshtein", value="y"),
        Assertion("levenshtein", value="x", threshold=0.5),
        Assertion("levenshtein", value="x", weight=2),
        Assertion("levenshtein", value="x", metric="close"),
        Assertion("levenshtein", value="x", options={"graded": True}),
    ]

    assert len({digest(base), digest(base, base), *map(digest, others)}) == len(others) + 2


def test_the_digest_covers_the_content_of_files():
    code = Assertion("python", value="file://a.py")
    schema = Assertion("is-json", value="file://a.json")

    def with_file(assertion, text):
        return digest(assertion, allow_code=True, read_file=lambda path: text)

    assert with_file(code, "x = 1") != with_file(code, "x = 2")
    assert with_file(schema, "{}") != with_file(schema, "true")
    assert with_file(code, "x = 1") == with_file(code, "x = 1")


def test_the_digest_covers_who_judges_and_who_embeds():
    rubric = Assertion("llm-rubric", value="is kind")

    def judged_by(model):
        return digest(rubric, judge=ScriptedModel("", identity=ModelIdentity("p", model)))

    assert judged_by("a") != judged_by("b")
    lexical, pieces = LexicalEmbedder([]), LexicalEmbedder([], ngram=3)
    similar = Assertion("similar")
    assert digest(similar, embedder=lexical) != digest(similar, embedder=pieces)
    contains = Assertion("contains", value="a")
    assert digest(contains, embedder=lexical) == digest(contains, embedder=pieces)


# Defaults


def cases_expecting(*expected):
    return Dataset(tuple(Case(f"c-{n}", {}, text) for n, text in enumerate(expected)))


def test_objects_are_compared_field_by_field():
    cases = cases_expecting(*['{"label": "a"}'] * 19, "none")

    assert default_assertions(cases) == (Assertion("json-fields"),)


def test_labels_must_be_equal_but_for_capitals_and_white_space():
    cases = cases_expecting("Refund", "complaint", "refund ", "Complaint")

    (assertion,) = default_assertions(cases)

    assert assertion == Assertion("equals", options={"ignore_case": True, "strip": True})


@pytest.mark.parametrize(
    "expected",
    [
        ["yes", "no"],  # nothing comes again
        ["a sentence that is far too long to be anything like a label", "no"] * 9,
        ["two\nlines", "one"] * 9,
        [f"label {n}" for n in range(21)] * 9,
        ["[1]", "[2]", "3"],
        ["x" * 41, "y" * 41] * 9,
        ['{"a": 1}', '{"a": 2}', '{"a": 3}', '{"a": 4}', "five", '{"a": 6}'],
    ],
)
def test_anything_else_is_graded_by_similarity(expected):
    assert default_assertions(cases_expecting(*expected)) == (Assertion("similar"),)


def test_twenty_labels_of_forty_characters_are_labels():
    cases = cases_expecting(*[f"{n:040}" for n in range(20)] * 2)

    assert default_assertions(cases)[0].type == "equals"


def test_where_nothing_is_expected_somebody_must_say_what_is_good():
    with pytest.raises(UserError) as error:
        default_assertions(cases_expecting(None, None))

    assert "assert:" in error.value.hint


def test_cases_that_expect_nothing_among_others_are_named():
    with pytest.raises(UserError, match="1 of 3 cases expect nothing, the first is c-1"):
        default_assertions(cases_expecting("a", None, "a"))


@pytest.mark.parametrize("expected", [['{"a": 1}'] * 3, ["a", "b"] * 3, ["one", "two", "three"]])
def test_the_defaults_can_be_bound_and_score(expected):
    cases = cases_expecting(*expected)

    suite = a_suite(*default_assertions(cases), embedder=LexicalEmbedder(expected))

    for case in cases:
        (found,) = suite.score(case, Answer(case.expected)).values()
        assert found.value == 1
