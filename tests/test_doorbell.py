"""A doorbell comes back as it was sent, and whatever is none is refused without a word of its content."""

import json

import pytest

from shared.doorbell import Doorbell, NoDoorbell

ID = "0a1b2c3d-1111-4222-8333-444455556666"
BELL = Doorbell(ids=(ID, "006000000000001"), reason="poll", seen=7, tries=2, correlation="a" * 32)
SENT = json.loads(BELL.encode())


def test_a_doorbell_comes_back_as_it_was_sent() -> None:
    assert Doorbell.decode(BELL.encode()) == Doorbell.decode(BELL.encode().encode()) == BELL


def test_only_its_records_are_needed_and_more_is_ignored() -> None:
    assert Doorbell.decode(json.dumps({"ids": [ID], "colour": "red"})) == Doorbell(ids=(ID,))


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("ids", [[], ID, None, [ID] * 201, ["secret"], [f"{ID}\n"], ["0" * 41], [["secret"]], [6]]),
        ("reason", ["secret" * 14, 5]),
        ("seen", ["secret", True]),
        ("tries", [1.5, None]),
        ("correlation", ["secret", "A" * 32, 5]),
    ],
)
def test_what_is_no_doorbell_is_refused_without_quoting_it(part: str, values: list[object]) -> None:
    for value in values:
        with pytest.raises(NoDoorbell) as refused:
            Doorbell.decode(json.dumps(SENT | {part: value}))
        assert (str(refused.value), refused.value.__cause__) == (part, None), value


@pytest.mark.parametrize("text", [b"", b"secret", b"\xff", b"null", b"[]", b"[" * 20_000, b'"secret"', b"{}"])
def test_what_is_not_even_an_object_is_refused_without_quoting_it(text: bytes) -> None:
    with pytest.raises(NoDoorbell) as refused:
        Doorbell.decode(text)
    assert str(refused.value) in {"text", "ids"}


def test_records_are_named_once_each_in_order_and_in_chunks() -> None:
    ids = [f"00600000000000{number}" for number in range(1, 6)]
    assert [bell.ids for bell in Doorbell.of([*ids, ids[0]], 2)] == [tuple(ids[:2]), tuple(ids[2:4]), tuple(ids[4:])]
