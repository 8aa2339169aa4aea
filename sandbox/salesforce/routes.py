"""The paths of the REST API below /services/data/vXX.X. More specific paths stand before general ones."""

from sandbox.salesforce import rest_collections as collections
from sandbox.salesforce import rest_composite as composite
from sandbox.salesforce import rest_describe as describe
from sandbox.salesforce import rest_query as query
from sandbox.salesforce import rest_rows as rows
from sandbox.salesforce.rest import Route, dispatcher, template_of

ROUTES = (
    Route("", {"GET": describe.resources}),
    Route("/limits", {"GET": describe.limits}),
    Route("/query", {"GET": query.query}),
    Route("/query/{locator}", {"GET": query.more}),
    Route("/queryAll", {"GET": query.query_all}),
    Route("/queryAll/{locator}", {"GET": query.more}),
    Route("/composite", {"POST": composite.composite}),
    Route("/composite/graph", {"POST": composite.graph}),
    Route(
        "/composite/sobjects", {"POST": collections.create, "PATCH": collections.update, "DELETE": collections.delete}
    ),
    Route("/composite/sobjects/{type}", {"GET": collections.read_by_url, "POST": collections.read_by_body}),
    Route("/composite/sobjects/{type}/{field}", {"PATCH": collections.upsert}),
    Route("/sobjects", {"GET": describe.all_objects}),
    Route("/sobjects/{type}", {"GET": describe.one_object, "POST": rows.create}),
    Route("/sobjects/{type}/describe", {"GET": describe.describe}),
    Route("/sobjects/{type}/updated", {"GET": query.updated}),
    Route("/sobjects/{type}/deleted", {"GET": query.deleted}),
    Route("/sobjects/{type}/Id", {"POST": rows.create_by_id_path}),
    Route("/sobjects/{type}/{id}", {"GET": rows.read, "PATCH": rows.update, "DELETE": rows.delete}),
    Route(
        "/sobjects/{type}/{field}/{value}",
        {"GET": rows.read_by_key, "PATCH": rows.upsert, "DELETE": rows.delete_by_key},
    ),
)

run = dispatcher(ROUTES)


def template(path: str) -> str:
    """The path with ids and keys replaced by placeholders."""
    return template_of(ROUTES, path)
