"""An unknown name is answered with the nearest one; a long list is cut short."""

from verification.vocabulary.names import listed, nearest, unknown

NAMES = ("gradient_descent", "momentum", "adam")


def test_the_nearest_name_is_said_and_all_of_them():
    assert unknown("rule", "adm", NAMES) == (
        "rule is 'adm'; did you mean 'adam'? it must be one of gradient_descent, momentum, adam"
    )


def test_a_name_from_elsewhere_is_translated_where_we_have_the_rule():
    assert nearest("SGD", NAMES) == "did you mean 'gradient_descent'? "
    assert nearest("sgd", ("adam",)) == ""


def test_nothing_is_guessed_where_nothing_is_near():
    assert nearest("quantum", NAMES) == ""
    assert nearest(None, NAMES) == ""


def test_a_long_list_is_not_recited():
    many = tuple(f"name_{k}" for k in range(30))

    assert unknown("rule", "x", many, "`list` has all of them") == (
        "rule is 'x'; `list` has all of them"
    )
    assert "name_29" in unknown("rule", "x", many)


def test_of_many_names_the_first_are_listed_and_the_rest_counted():
    assert listed(("w1", "b1")) == "w1, b1"
    assert listed(tuple("abcdef")) == "a, b, c, d, e, f"
    assert listed(tuple("abcdefgh")) == "a, b, c, d, e, f and 2 more"
    assert listed(tuple("abc"), most=1) == "a and 2 more"
