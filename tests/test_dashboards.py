"""P10: dashboards and alerts name only figures that the services show, and no figure tells who a customer is."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from prometheus_client import REGISTRY, Metric
from prometheus_client.parser import text_string_to_metric_families

import checker.metrics  # noqa: F401 - so its figures, too, are on the pages of this process
from cli.documents.composition import compose
from shared.contracts.event import catalogue

ROOT = Path(__file__).parents[1]
DASHBOARDS = sorted((ROOT / "deploy/grafana").glob("*.json"))
_ALERTS = ROOT / "deploy/prometheus/alerts.yml"
_FIGURE = re.compile(r"\b(?:dueflow|process)_[a-z0-9_]+")
_SCRAPED = {"service", "role", "job", "le"}  # `le` is the histogram's own, the others are given by prometheus.yml
_IMPERSONAL = {
    "method",
    "route",
    "status",
    "topic",
    "partition",
    "reason",
    "outcome",
    "event",
    "stage",
    "check",
    "scope",
}


@pytest.fixture(scope="module")
def shown() -> dict[str, Metric]:
    """By the names that a query may use: what the services' and the checker's pages of figures declare."""
    families: dict[str, Metric] = {}
    for composed in compose():
        page = asyncio.run(_page(composed.app))
        for family in text_string_to_metric_families(page):
            families |= dict.fromkeys(_names(family), family)
    return families


async def _page(app: FastAPI) -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        return (await http.get("/metrics")).text


def _names(family: Metric) -> list[str]:
    endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
    return [family.name + ending for ending in endings]


def _read_queries() -> Iterator[tuple[str, str]]:
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            yield from ((f"{path.stem}: {panel['title']}", target["expr"]) for target in panel["targets"])
    yield from ((alert["alert"], alert["expr"]) for alert in _alerts())


def _alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(_ALERTS.read_text())["groups"] for rule in group["rules"]]


QUERIES = list(_read_queries())


@pytest.mark.parametrize(("where", "query"), QUERIES, ids=[where for where, _ in QUERIES])
def test_a_query_asks_for_what_is_shown(where: str, query: str, shown: dict[str, Metric]) -> None:
    """P10: a panel without data would look like quiet, and an alert without data never wakes anybody."""
    asked = set(_FIGURE.findall(query))
    assert asked or "up{" in query, where
    assert asked <= shown.keys(), where


@pytest.mark.parametrize(("where", "query"), QUERIES, ids=[where for where, _ in QUERIES])
def test_a_query_groups_by_labels_that_exist(where: str, query: str) -> None:
    """P10: PromQL takes an unknown label for an empty one, and adds up what does not belong together."""
    groups = re.findall(r"\bby \(([^)]*)\)", query)
    labels = {label for group in groups for label in group.split(", ")} | set(re.findall(r"[{ ](\w+)=?[=~!]", query))
    assert labels <= _SCRAPED | _IMPERSONAL, where


def test_every_event_that_a_panel_counts_exists() -> None:
    """P10: events are counted by their wire names."""
    counted = {wire for _, query in QUERIES for wire in re.findall(r'event="([^"]+)"', query)}
    assert counted
    assert counted <= catalogue().keys()


def test_no_label_can_say_who_a_customer_is(shown: dict[str, Metric]) -> None:
    """P10: labels are few, and each is a word of ours."""
    collectors = {REGISTRY._names_to_collectors[name] for name in shown if name.startswith("dueflow_")}  # noqa: SLF001
    labels = {label for each in collectors for label in getattr(each, "_labelnames", ())}
    assert labels
    assert labels <= _IMPERSONAL


@pytest.mark.parametrize("alert", _alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_says_what_is_to_be_done(alert: dict[str, Any]) -> None:
    """P12: it names a runbook that is there, and how urgent it is."""
    assert (ROOT / alert["annotations"]["runbook"]).read_text().startswith("# ")
    assert alert["annotations"]["summary"].endswith(".")
    assert alert["labels"]["severity"] in {"page", "ticket"}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: str(path.stem))
def test_a_dashboard_is_one_that_grafana_loads(path: Path) -> None:
    """P10: it has an id of its own, asks the provisioned source, and its panels do not lie over each other."""
    board = json.loads(path.read_text())
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    assert board["uid"] == f"dueflow-{path.stem}"
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels} == {each["uid"] for each in source["datasources"]}
    cells = [cell for panel in panels for cell in _cells(panel["gridPos"])]
    assert len(set(cells)) == len(cells)


def _cells(place: dict[str, int]) -> list[tuple[int, int]]:
    return [
        (x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])
    ]


def test_prometheus_asks_every_process() -> None:
    """P12: all APIs and workers of docker-compose.yml and the checker, under the names that they have there."""
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"][0]
    containers = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    processes = {name for name, each in containers.items() if each.get("command") in (["api"], ["worker"])}
    assert set(scraped["dns_sd_configs"][0]["names"]) == processes | {"checker"}
