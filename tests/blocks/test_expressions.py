"""The language of expressions, against Python's own arithmetic, and what it refuses."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbuilder.blocks.expressions import LONGEST, ExpressionError, Scalar, compute, names_in, parse

NAMES = {"channels": 64, "index": 3, "ratio": 0.25, "padding": "same", "bias": True}

numbers = st.integers(0, 50).map(str) | st.sampled_from(["0.5", "1.25", "2e1", ".125", "3."])
names = st.sampled_from(["channels", "index", "ratio"])


def combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(parts, st.sampled_from(["+", "-", "*", "/", "//", "%", " + ", " * "]), parts).map("".join)
    power = st.tuples(parts, st.sampled_from(["**2", "**3", "**-1", " ** 0"])).map("".join)
    call = st.tuples(st.sampled_from(["abs", "round", "floor", "ceil"]), parts).map("{0[0]}({0[1]})".format)
    extreme = st.tuples(st.sampled_from(["min", "max"]), parts, parts).map("{0[0]}({0[1]}, {0[2]})".format)
    return binary | power | call | extreme | parts.map("({})".format) | parts.map("-{}".format)


def value_of(text: str) -> Scalar:
    return compute(parse(text), NAMES)


def outcome(text: str) -> tuple[Scalar | None, ExpressionError | None]:
    try:
        return value_of(text), None
    except ExpressionError as error:
        return None, error


@given(st.recursive(numbers | names, combined, max_leaves=12))
def test_it_computes_what_python_computes(text: str) -> None:
    python = {"abs": abs, "round": round, "floor": math.floor, "ceil": math.ceil, "min": min, "max": max}
    try:
        wanted = eval(text, {"__builtins__": {}}, python | NAMES)
    except (ZeroDivisionError, OverflowError):
        wanted = None
    if wanted is None or isinstance(wanted, complex) or not abs(wanted) < 2**60:
        with pytest.raises(ExpressionError):
            value_of(text)
        return
    found, refused = outcome(text)
    if refused:  # on the way there was a number that no parameter takes
        assert "too large" in str(refused)
        return
    assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    assert isinstance(found, int) or isinstance(wanted, float)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("=channels*4", 256),
        ("= index", 3),
        ("channels // 2 ** index", 8),
        ("-2**2", -4),
        ("2**-1", 0.5),
        ("2**3**2", 512),
        ("- - 3", 3),
        ("7 // -2", -4),
        ("-7 % 3", 2),
        ("min(channels, 8, index + 1)", 4),
        ("max(1, round(channels * ratio))", 16),
        ("sqrt(channels)", 8.0),
        ("relu(-3) + relu(2)", 2),
        ("sigmoid(0)", 0.5),
        ("sigmoid(-1000)", 0.0),
        ("log(exp(1.0))", 1.0),
        ("sin(0) + cos(0) + tanh(0)", 1.0),
    ],
)
def test_formulas_of_groups(text: str, value: float) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


def test_whole_numbers_stay_whole_and_exact() -> None:
    found = value_of("(channels * 2**53 + 1) / 1")
    assert found == 64 * 2**53 + 1
    assert type(value_of("channels / 2")) is int
    assert type(value_of("channels / 5")) is float


def test_a_text_and_a_switch_are_passed_on_as_they_are() -> None:
    assert value_of("=padding") == "same"
    assert value_of("bias") is True


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("9**9**9", 1, "too large"),
        ("2**10**9", 1, "too large"),
        ("10.0**400", 4, "too large"),
        ("exp(1000)", 0, "too large"),
        ("9" * 30, 0, "too large"),
        ("1e999", 0, "too large"),
        ("4000000000*4000000000", 10, "too large"),
        ("channels / (index - 3)", 9, "divides by zero"),
        ("channels // 0", 9, "divides by zero"),
        ("channels % 0", 9, "divides by zero"),
        ("0 ** -1", 2, "divides by zero"),
        ("(-8) ** 0.5", 5, "no real root"),
        ("1 + sqrt(0 - 1)", 4, "no sqrt of -1"),
        ("log(0)", 0, "no log of 0"),
        ("=chanels * 4", 1, "Did you mean “channels”?"),
        ("unlike", 0, "Known are: channels, index, ratio, padding, bias."),
        ("padding * 2", 8, "no arithmetic with “same”"),
        ("1 + bias", 2, "no arithmetic with on"),
        ("eval(1)", 0, "no function “eval”"),
        ("min(1)", 0, "2 to 16 values, and gets 1"),
        ("abs(1, 2)", 0, "one value, and gets 2"),
        ("", 0, "expression ends"),
        ("=", 1, "expression ends"),
        ("1 +", 3, "expression ends"),
        ("(1", 2, "“)” is expected here, and the expression ends"),
        ("(1 2)", 3, "there is “2”"),
        ("1 2", 2, "Nothing is expected"),
        ("1 ^ 2", 2, "“^” means nothing here"),
        ("a.b", 1, "“.” means nothing here"),
        ("'text'", 0, "means nothing here"),
        ("x[0]", 1, "means nothing here"),
        ("１", 0, "means nothing here"),
        ("(" * 100 + "1" + ")" * 100, 61, "nests more than"),
        ("-" * 100 + "1", 61, "nests more than"),
        ("1" + "**1" * 100, 183, "nests more than"),
        ("1" + "+1" * 100, 121, "nests more than"),
        ("1 " * LONGEST, LONGEST, "characters long"),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_at_once(text: str, position: int, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of(text)
    assert words in str(caught.value)
    assert str(caught.value).endswith((".", "?"))
    assert caught.value.position == position


@given(st.text(max_size=60) | st.text("0123456789+-*/%(),. eabchnlsx_=", max_size=60))
def test_any_text_is_a_value_or_a_sentence(text: str) -> None:
    found, refused = outcome(text)
    if refused:
        assert str(refused)
        assert 0 <= refused.position <= len(text)
    else:
        assert isinstance(found, int | float | bool | str)


def test_the_names_of_an_expression_are_told_in_order() -> None:
    assert names_in(parse("b * sigmoid(a) + b - 1")) == ("b", "a")
    assert names_in(parse("1 + 2")) == ()
