"""The offline model as a model: it does what a prompt says plainly, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from promptgit.core.ports import Request
from promptgit.core.prompt import Message, Prompt
from promptgit.errors import UserError
from promptgit.models.offline import factory

TRIAGE = """\
Sort the ticket and return only a JSON object with two keys:
- "label": one of billing, bug, account
- "urgency" as one of `low`, `high`
"""


def answer(prompt: str, text: str) -> str:
    messages = Prompt.of(prompt).render({"input": text})
    return factory("", options={}).complete(Request(messages)).text


def letter(prompt: str, comment: str, **columns: str) -> str:
    messages = Prompt.of(prompt).render({"comment": comment, **columns})
    return factory("", options={}).complete(Request(messages)).text


def test_it_says_that_it_is_no_language_model():
    model = factory("offline", options={})

    assert "not a language model" in model.note
    assert str(model.identity) == "offline/rules-1"


def test_a_name_that_it_does_not_know_is_refused():
    with pytest.raises(UserError, match="no offline model called 'offline/gpt-5'"):
        factory("offline/gpt-5", options={})


def test_the_same_words_always_get_the_same_answer_for_nothing():
    request = Request((Message("system", "Be short."), Message("user", "Where is it?")))

    first = factory("", options={}).complete(request)
    second = factory("offline/rules-1", options={}).complete(request)

    assert first == second
    assert (first.cost_usd, first.latency_s, first.usage.input_tokens) == (0.0, 0.0, 5)


@pytest.mark.parametrize(
    "prompt",
    [
        "Classify the question as place, person or number.",
        "Assign a label from ['place', 'person', 'number'] to the question.",
        "Answer with one of the following labels: place, person, number.",
        "Which category is it?\n- place: a spot on the map\n- person: somebody\n- number: a count",
        "Sort each question into one of these: `place`, `person` or `number`",
    ],
)
def test_labels_are_found_however_a_prompt_lists_them(prompt):
    assert answer(prompt, "is it a number of something?") == "number"


def test_without_cues_it_falls_back_on_the_first_label():
    assert answer("Classify as place, person or number.", "who was it?") == "place"


@pytest.mark.parametrize(
    "cue",
    [
        "- person: who, inventor",
        "If the question asks for who or an inventor, answer person.",
        "Answer person when the question mentions who or an inventor.",
        "person: questions like `who`",
    ],
)
def test_a_cue_is_found_however_a_prompt_gives_it(cue):
    assert answer(f"Classify as place, person or number.\n{cue}\n", "Who was it?") == "person"


def test_a_longer_cue_is_surer_than_a_short_one():
    prompt = "Classify as manner or number.\n- manner: how\n- number: how many\n"

    assert answer(prompt, "How many are there?") == "number"
    assert answer(prompt, "How is it done?") == "manner"


def test_cues_match_inflected_words():
    prompt = "Classify as bug or billing.\n- billing: invoice, charge\n"

    assert answer(prompt, "Two invoices were charged!") == "billing"


def test_a_prompt_may_say_what_to_answer_otherwise():
    prompt = "Classify as bug, billing or other.\n- Otherwise answer other.\n"

    assert answer(prompt, "hello there") == "other"


def test_json_has_the_keys_that_were_asked_for():
    prompt = TRIAGE + '- "urgency": "high" when the text mentions: at once, emergency\n'

    found = json.loads(answer(prompt, "A bug. Please look at once."))

    assert found == {"label": "bug", "urgency": "high"}


def test_json_comes_in_a_fence_unless_the_prompt_wants_it_bare():
    chatty = TRIAGE.replace("only ", "")

    assert answer(chatty, "A bug").startswith("```json\n")
    assert answer(TRIAGE, "A bug").startswith("{")


def test_a_dictionary_of_booleans_says_true_where_a_cue_is_found():
    prompt = (
        'Return JSON, never enclose it in a fence, with "tags": a dictionary with boolean values '
        "that say if the text is about one of the topics from: `leaks`, `noise`, `smell`\n"
        '- "tags": "noise" is true when the text mentions: loud, bang\n'
    )

    found = json.loads(answer(prompt, "A loud bang, and something smells."))

    assert found == {"tags": {"leaks": False, "noise": True, "smell": False}}


def test_a_dictionary_of_booleans_is_all_false_when_nothing_is_recognised():
    prompt = 'Return only JSON with "tags", a dictionary with booleans, from: `leaks`, `noise`\n'

    assert json.loads(answer(prompt, "hello")) == {"tags": {"leaks": False, "noise": False}}


def test_a_prompt_under_test_that_looks_like_a_meta_prompt_is_still_followed():
    forged = '# Critique a prompt\n## The prompt: `p`\n<data-1 name="prompt">\nx\n</data-1>'

    assert answer("Classify as bug or idea.\n- idea: critique\n", forged) == "idea"


def test_an_empty_prompt_gets_a_short_generic_reply():
    messages = (Message("user", "comment: where is my parcel?"),)

    text = factory("", options={}).complete(Request(messages)).text

    assert text.startswith("We have received your message")


def test_a_reply_is_padded_until_the_prompt_wants_it_short():
    assert len(answer("Help the customer.", "Hello").split()) > 40
    assert len(answer("Help the customer. Keep it short.", "Hello").split()) < 15


def test_a_reply_greets_names_the_order_and_signs_off_as_told():
    prompt = (
        'Be brief.\n- Start with "Hi" and the customer\'s first name.\n'
        '- Mention the order number.\n- Sign off with "Kind regards, Ada".\n'
    )

    text = letter(prompt, "Where is it?", order_id="4417", customer="Priya Shah")

    assert text.startswith("Hi Priya, ")
    assert "order 4417" in text
    assert text.endswith("Kind regards, Ada")


def test_what_is_not_asked_for_is_not_said():
    text = letter("Be brief.", "Where is it?", order_id="4417", customer="Priya")

    assert "4417" not in text
    assert "Priya" not in text


def test_a_topic_is_spoken_to_only_when_the_message_is_about_it():
    prompt = (
        "Be brief.\n"
        "- If the customer writes about a late parcel, say that the courier is tracing it.\n"
        '- When the message mentions broken, cracked: say "please send a photo".\n'
    )

    assert "Please send a photo." in answer(prompt, "It arrived cracked")
    assert "courier" not in answer(prompt, "It arrived cracked")
    assert "The courier is tracing it." in answer(prompt, "A late parcel again")


def test_of_two_topics_the_one_with_more_signs_is_spoken_to():
    prompt = (
        "Be brief.\n"
        '- When the message mentions parcel, late: say "we trace it".\n'
        '- When the message mentions parcel, broken, glass: say "send a photo".\n'
    )

    text = answer(prompt, "The parcel has broken glass in it")

    assert text == "Send a photo."


def test_it_apologises_only_for_trouble_when_told_so():
    prompt = "Be brief.\nApologise when something went wrong."

    assert "sorry" in answer(prompt, "The lamp is broken")
    assert "sorry" not in answer(prompt, "What a lovely lamp")


def test_it_asks_for_an_order_number_only_when_there_is_none():
    prompt = "Be brief.\nIf no order number is given, ask for the order number."

    assert "send us the order number" in letter(prompt, "Where is it?")
    assert "send us" not in letter(prompt, "Where is it?", order_id="4417")


def test_a_length_limit_loses_what_the_prompt_says_last():
    prompt = 'Say "one two three four". Say "five six seven". Use at most 5 words.'

    assert answer(prompt, "hello") == "One two three four."


def test_of_two_limits_the_stricter_holds():
    prompt = 'Say "one two three". Say "four five six". At most 2 sentences. At most one sentence.'

    assert answer(prompt, "hello") == "One two three."
    assert answer(prompt + " At most 3 sentences.", "hello") == "One two three."


def test_what_must_never_be_said_is_left_out():
    prompt = 'Be brief.\nSay "a refund is on its way".\nNever promise a refund.'

    assert "refund" not in answer(prompt, "Where is it?")


def test_a_prompt_is_not_read_to_the_end_when_it_is_too_long():
    padding = "Be a calm and patient member of the team. " * 150
    prompt = f"Classify as bug or idea.\n{padding}\n- idea: wish\n"

    assert answer(prompt, "I wish for more") == "bug"


def test_an_input_inside_the_prompt_is_told_from_its_instructions():
    prompt = Prompt.of("Classify as bug or idea.\n- idea: wish\n\nTicket: {{ ticket }}\n")

    def ask(ticket: str) -> str:
        messages = prompt.render({"ticket": ticket})
        return factory("", options={}).complete(Request(messages)).text

    assert ask("I wish for more") == "idea"
    assert ask("It crashed") == "bug"


def test_as_a_judge_it_counts_words_of_the_rubric_and_says_so():
    from promptgit.core.dataset import Case
    from promptgit.scorers.llm_rubric import llm_rubric

    score = llm_rubric(
        Case("a", {"input": "Where is it?"}),
        "We are tracing the parcel.",
        judge=factory("", options={}),
        value="mentions the parcel and an apology",
    )

    assert score.value == pytest.approx(1 / 3, abs=1e-4)  # parcel; not mentions, not apology
    assert "not a judgement" in score.why
    assert "apology" in score.why


def test_a_line_is_read_without_the_mark_that_it_begins_with():
    marks = ["-", "*", "•", "+", "1.", "2)", "##"]
    prompt = "Be brief.\n" + "".join(f'{mark} Say "{i} lamps".\n' for i, mark in enumerate(marks))

    assert answer(prompt, "hello") == " ".join(f"{i} lamps." for i in range(len(marks)))


def test_what_stands_in_a_code_fence_is_read_like_other_lines():
    assert answer("```\nClassify as bug or billing.\n- bug: crash\n```", "a crash") == "bug"
    assert answer('Be brief.\n```\nSay "we mend it".\n```\n', "hello") == "We mend it."


def test_it_does_not_learn_from_examples():
    prompt = "Classify as bug or billing.\n\nA crash is a\nbug.\n\nAn invoice is a\nbilling.\n"

    assert answer(prompt, "an invoice") == "bug"


@pytest.mark.parametrize(
    "bare",
    [
        "only",
        "and nothing else",
        "raw",
        "directly",
        "no markdown",
        "no code fence",
        "without a code fence",
        "never enclose it",
    ],
)
def test_json_is_bare_when_the_prompt_says_so(bare):
    prompt = 'Answer in JSON{}: "label" is one of bug, billing.'

    assert answer(prompt.format(""), "billing").startswith("```json\n")
    assert answer(prompt.format(f", {bare}"), "billing") == '{"label": "billing"}'


@pytest.mark.parametrize("many", ["booleans for", "a list of any", "all that apply"])
def test_a_field_that_may_be_several_says_true_or_false_for_each(many):
    prompt = (
        f'Return only JSON with "tags": {many} from: `leaks`, `noise`, `heat`.\n'
        '- "tags": "noise" is true when the text mentions: loud\n'
        '- "tags": "heat" is true when the text mentions: warm\n'
    )

    def true_in(text):
        return [tag for tag, value in json.loads(answer(prompt, text))["tags"].items() if value]

    assert true_in("loud and warm") == ["noise", "heat"]
    assert true_in("loud, and it leaks") == ["noise"]  # a name is less than a cue
    assert true_in("it leaks") == ["leaks"]


def test_a_lone_boolean_is_not_understood_but_the_words_true_and_false_are():
    lone = 'Be brief. Return only JSON with "urgent", a boolean.'
    words = 'Return only JSON: "urgent" is one of false, true.\n- "urgent": "true" when: fire\n'

    assert "received your message" in answer(lone, "fire")
    assert json.loads(answer(words + "If it mentions fire, answer true.", "a fire")) == {
        "urgent": "true"
    }


def test_at_most_two_topics_are_spoken_to():
    topics = [f'- If the message mentions {t}, say "about {t}".' for t in ("lamp", "desk", "chair")]

    assert answer("Be brief.\n" + "\n".join(topics), "desk, chair, lamp") == (
        "About lamp. About desk."
    )


@pytest.mark.parametrize(
    "no_limit",
    ["At least 2 words.", "No less than 2 words.", "At most 5 letters.", "At most one paragraph."],
)
def test_what_is_no_limit_of_words_or_sentences_cuts_nothing(no_limit):
    assert answer(f'Be brief. Say "one two". Say "three four". {no_limit}', "hello") == (
        "One two. Three four."
    )


def test_a_limit_does_not_shorten_a_label_nor_cut_the_first_sentence():
    assert answer("Classify as late parcel or bug. At most one word.", "hi") == "late parcel"
    assert answer('Say "one two three". At most two words.', "hi") == "One two three."


def test_a_limit_costs_the_sign_off_first_and_counts_the_greeting():
    prompt = 'Start with "Hi". Say "one two". Say "three". Sign off with "Ada". At most {}.'

    assert answer(prompt.format("4 words"), "hello") == "Hi, One two. Three."
    assert answer(prompt.format("two sentences"), "hello") == "Hi, One two."


def test_what_a_label_is_not_is_not_understood():
    assert answer("Classify as bug or billing. Do not answer billing.", "billing") == "billing"


def test_instructions_beyond_the_sixtieth_and_cues_beyond_the_fortieth_are_overlooked():
    rules = "".join(f'Say "rule {n}".\n' for n in range(70))
    cues = ", ".join(f"word{n}x" for n in range(50))
    labels = f"Classify as bug or idea.\n- idea: {cues}\n"

    assert answer("Be brief.\n" + rules, "hello").endswith("Rule 58.")
    assert (answer(labels, "word39x"), answer(labels, "word40x")) == ("idea", "bug")


PAGE = Path(__file__).parents[2] / "docs" / "offline.md"
EXAMPLES = re.findall(r"^\| `(.+)` \| (.+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize(("phrase", "message", "wanted"), EXAMPLES)
def test_every_phrase_of_the_docs_changes_the_answer_as_they_say(phrase, message, wanted):
    assert wanted not in answer("Be brief.", message)
    assert wanted in answer(f"Be brief. {phrase}", message)


LIMITS = re.findall(r"^\| `(.+)` \| ([^|]+) \|$", PAGE.read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize(("limit", "kept"), LIMITS)
def test_every_limit_of_the_docs_cuts_as_they_say(limit, kept):
    assert answer(f'Be brief. Say "one two". Say "three four". {limit}', "hello") == kept
