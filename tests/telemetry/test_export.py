"""Figures arrive at Application Insights as its queries read them."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.serve import serve

ROOT = Path(__file__).parent.parent.parent
LINE = {"event": "standing", "unfinished": 3, "waiting": {"referral-changes": 2}}
# In a process of its own: the exporter's threads and its last sending at the end are not the tests'.
ALONE = """
import json, sys
from shared.telemetry.export import azure_monitor
azure_monitor(sys.argv[1], None)(json.loads(sys.argv[2]))
"""


def test_figures_arrive_with_name_value_and_attributes_when_the_process_ends() -> None:
    sent: list[dict[str, Any]] = []

    def application_insights(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        items = json.loads(gzip.decompress(body) if environ.get("HTTP_CONTENT_ENCODING") == "gzip" else body)
        sent.extend(items)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}).encode()]

    with serve(application_insights) as server:
        resource = f"InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint={server.url}"
        subprocess.run(  # noqa: S603  our own interpreter and text
            [sys.executable, "-c", ALONE, resource, json.dumps(LINE)],
            check=True,
            timeout=90,
            cwd=ROOT,
            env={**os.environ, "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true"},
        )
    arrived = [(item["data"]["baseData"]["metrics"][0], item["data"]["baseData"]["properties"]) for item in sent]
    ours = [(metric, properties) for metric, properties in arrived if metric["name"].startswith("cosell.")]
    assert {(metric["name"], metric["value"], *properties.items()) for metric, properties in ours} == {
        ("cosell.unfinished", 3.0),
        ("cosell.waiting", 2.0, ("queue", "referral-changes")),
    }
    assert "cosell-connector" in {item["tags"]["ai.cloud.role"] for item in sent}
