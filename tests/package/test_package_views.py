"""List views, reports and help texts use the words that the app writes."""

from shared import catalogue
from tests.package.agreement import statuses
from tests.package.metadata import MAIN, fields, read, text, texts

VIEWS = MAIN / "objects/Opportunity/listViews"
STATUS = "Sync_Status__c"
SIGNS = {word[0] for word in statuses()}  # the same in every language, and no two statuses share one


def picked(name: str) -> set[str]:
    """The signs of the statuses that a list view shows: several values in one filter mean any of them."""
    tree = read(VIEWS / f"{name}.listView-meta.xml")
    assert (text(tree, "filters/field"), text(tree, "filters/operation")) == (STATUS, "startsWith")
    return set(text(tree, "filters/value").split(","))


def test_the_catalogue_has_statuses_that_a_filter_can_hold() -> None:
    for words in catalogue.LANGUAGES.values():
        assert {word[0] for word in words.texts.statuses.values()} == SIGNS
    assert "," not in SIGNS


def test_every_status_stands_in_exactly_one_list_view() -> None:
    assert picked("Co_sell_in_sync") == {catalogue.IN_SYNC[0]}
    assert picked("Co_sell_needs_attention") == SIGNS - {catalogue.IN_SYNC[0]}


def test_the_report_and_the_list_view_show_the_same_deals() -> None:
    tree = read(MAIN / "reports/Co_sell/Co_sell_needs_attention.report-meta.xml")
    assert text(tree, "filter/criteriaItems/column") == f"Opportunity.{STATUS}"
    assert text(tree, "filter/criteriaItems/operator") == "startsWith"
    assert set(text(tree, "filter/criteriaItems/value").split(",")) == picked("Co_sell_needs_attention")


def test_list_views_have_the_promised_names() -> None:
    labels = {text(read(path), "label") for path in VIEWS.glob("*.xml")}
    assert labels == {"Co-sell: needs attention", "Co-sell: in sync"}


def test_the_help_of_the_status_explains_every_sign() -> None:
    told = fields()[f"Opportunity.{STATUS}"].facts["inlineHelpText"]
    assert not [word for word in statuses() if word[0] not in told]


def test_reports_stand_on_report_types_that_exist() -> None:
    own = {f"{path.name.partition('.')[0]}__c" for path in MAIN.glob("reportTypes/*.xml")}
    used = {text(read(path), "reportType") for path in MAIN.glob("reports/*/*.xml")}
    assert used == own | {"Opportunity"}


def test_a_reports_columns_are_offered_by_its_report_type() -> None:
    tree = read(MAIN / "reportTypes/Co_sell_deals_and_solutions.reportType-meta.xml")
    tables, names = texts(tree, "sections/columns/table"), texts(tree, "sections/columns/field")
    offered = {f"{table}${name}" for table, name in zip(tables, names, strict=True)}
    report = read(MAIN / "reports/Co_sell/Co_sell_deals_by_solution.report-meta.xml")
    used = {*texts(report, "columns/field"), *texts(report, "groupingsDown/field")}
    used |= {*texts(report, "filter/criteriaItems/column"), *texts(report, "timeFrameFilter/dateColumn")}
    assert used <= offered
    assert len(used) == 8
