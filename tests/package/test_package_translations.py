"""What sellers read in the package exists in Japanese too; the values that are stored stay those of the mapping."""

from typing import Any

import pytest

from tests.package.metadata import MAIN, TRANSLATIONS, Field, fields, read, text, texts
from tests.package.rules import LONGEST


def is_japanese(words: str) -> bool:
    """Whether there is a kana or a kanji in it."""
    return any("぀" <= sign <= "ヿ" or "一" <= sign <= "鿿" for sign in words)


def translation(field: Field) -> Any:
    return read(TRANSLATIONS / f"{field.sobject}-ja" / f"{field.name}.fieldTranslation-meta.xml")


@pytest.mark.parametrize("field", fields().values(), ids=lambda field: field.full_name)
def test_a_field_is_translated_with_its_help_and_its_values(field: Field) -> None:
    tree = translation(field)
    assert text(tree, "name") == field.name
    for part in ("label", "help"):
        assert is_japanese(text(tree, part)), part
    assert len(text(tree, "label")) <= LONGEST["label"]
    assert tuple(texts(tree, "picklistValues/masterLabel")) == field.values
    assert all(is_japanese(words) for words in texts(tree, "picklistValues/translation"))
    assert bool(text(tree, "relationshipLabel")) == (field.kind == "MasterDetail")


def test_no_translation_is_left_of_a_field_that_is_gone() -> None:
    translated = {
        f"{path.parent.name.removesuffix('-ja')}.{path.name.partition('.')[0]}"
        for path in TRANSLATIONS.glob("*/*.fieldTranslation-meta.xml")
    }
    assert translated == set(fields())


def test_labels_of_an_object_differ_in_japanese() -> None:
    assert len({(field.sobject, text(translation(field), "label")) for field in fields().values()}) == len(fields())


def test_objects_actions_and_sections_are_translated() -> None:
    solution = read(TRANSLATIONS / "Microsoft_Solution__c-ja/Microsoft_Solution__c-ja.objectTranslation-meta.xml")
    assert texts(solution, "caseValues/plural") == ["false"]  # Japanese has no plural
    assert is_japanese(text(solution, "caseValues/value"))
    assert is_japanese(text(solution, "nameFieldLabel"))
    opportunity = read(TRANSLATIONS / "Opportunity-ja/Opportunity-ja.objectTranslation-meta.xml")
    actions = {path.name.split(".")[1] for path in MAIN.glob("quickActions/Opportunity.*")}
    assert set(texts(opportunity, "quickActions/name")) == actions
    layout = read(next(MAIN.glob("layouts/*.xml")))
    sections = zip(texts(layout, "layoutSections/label"), texts(layout, "layoutSections/customLabel"), strict=True)
    own = {label for label, custom in sections if custom == "true"}
    assert set(texts(solution, "layouts/sections/section")) == own
