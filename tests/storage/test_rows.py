"""How links look as rows: nothing is lost, other versions can be read, and what cannot be stored is not sent."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.memory import MemoryTables
from shared.deal import Claim, Flips, Hold, Intent, Link, LinkState, RowWrite
from shared.storage import Store, TooLarge
from shared.storage.rows import checked, link_entity, link_from
from tests.support.links import INTENT, LINK

_small = st.text(max_size=8)
_int64 = st.integers(-(2**63), 2**63 - 1)
_json = st.recursive(st.none() | st.booleans() | _small, lambda inner: st.lists(inner, max_size=2), max_leaves=4)
_rows = st.builds(RowWrite, path=_small, fields=st.dictionaries(_small, _json, max_size=3))
_links = st.builds(
    Link,
    id=st.from_regex(r"[sp]-[A-Za-z0-9-]{1,40}", fullmatch=True),
    base_p=st.dictionaries(_small, _small | st.lists(_small, max_size=3).map(tuple), max_size=3),
    base_s=st.dictionaries(_small, _small | st.lists(_small, max_size=3).map(tuple), max_size=3),
    intent=st.none() | st.builds(Intent, rows=st.lists(_rows, max_size=2).map(tuple)),
    claim=st.none() | st.from_type(Claim),
    held=st.dictionaries(_small, st.from_type(Hold), max_size=3),
    flips=st.dictionaries(_small, st.from_type(Flips), max_size=3),
    **dict.fromkeys(("p_ticks", "p_newest", "s_modified", "gone_since", "attempts", "sent_at", "agreed_at"), _int64),
)


@given(_links)
@settings(deadline=None, max_examples=60)
def test_every_link_survives_its_row(link: Link) -> None:
    assert link_from(link_entity(link, "default:"), link.version) == link


def test_properties_of_a_newer_version_are_ignored() -> None:
    entity = link_entity(replace(LINK, intent=INTENT), "default:")
    intent = entity["intent"][:-1] + ',"invented_inside":{"x":1}}'
    newer = entity | {"invented": "x", "intent": intent}
    assert link_from(newer, "") == replace(LINK, intent=INTENT)


def test_properties_of_an_older_version_may_be_missing() -> None:
    assert link_from({"id": "s-1", "state": "linked"}, "v") == Link("s-1", LinkState.LINKED, version="v")


@pytest.mark.parametrize(
    "link",
    [replace(LINK, intent=replace(INTENT, writes={"notes": (("notes", "x" * 32_800),)})), replace(LINK, id="s-a/b")],
    ids=["property", "key"],
)
def test_a_row_the_service_would_refuse_is_not_sent_and_a_large_one_is(link: Link) -> None:
    store = Store(MemoryTables())
    with pytest.raises(TooLarge):
        store.save(link)
    assert list(store.links()) == []
    assert store.save(replace(LINK, p_etag="ü" * 32_000, engagement_id="ü" * 32_000)).version


def test_an_entity_beyond_1_mib_is_not_sent() -> None:
    keys = {"PartitionKey": "p", "RowKey": "r"}
    assert checked({**keys, **{f"p{number}": "x" * 32_000 for number in range(16)}})
    with pytest.raises(TooLarge, match="1048576"):
        checked({**keys, **{f"p{number}": "x" * 32_000 for number in range(17)}})
