"""The files in docs/monitoring: they are well-formed, and every metric that they name exists."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from mediafetcher.api import metrics
from mediafetcher.db import engine

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "monitoring"
_NAME = re.compile(r"\b(?:mediafetcher|process)_[a-z_]+")


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return yaml.safe_load((FOLDER / "mediafetcher.rules.yml").read_text())["groups"][0]["rules"]


@pytest.fixture
def dashboard() -> dict[str, Any]:
    return json.loads((FOLDER / "grafana-dashboard.json").read_text())


@pytest.fixture
async def rendered(database: str, state: Path) -> set[str]:
    """The names of all metrics, as samples and as families."""
    await engine.execute("insert into download_statistic (outcome, site) values ('done', 'site.test')")
    names = set()
    for family in text_string_to_metric_families((await metrics.render()).decode()):
        names |= {family.name, *(sample.name for sample in family.samples)}
    return names


async def test_rules_and_dashboard_name_metrics_that_exist(
    rendered: set[str], rules: list[dict[str, Any]], dashboard: dict[str, Any]
) -> None:
    used = " ".join(rule["expr"] for rule in rules)
    used += " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    assert set(_NAME.findall(used)) - rendered == set()


async def test_the_document_names_every_metric(rendered: set[str]) -> None:
    named = set(re.findall(r"`(mediafetcher_[a-z_]+)`", (DOCS / "monitoring.md").read_text()))
    assert named - rendered == set()
    families = {name.removesuffix("_total") for name in rendered if name.startswith("mediafetcher_")}
    families = {name.removesuffix("_info") if name == "mediafetcher_info" else name for name in families}
    assert families - {name.removesuffix("_total") for name in named} - {"mediafetcher"} == set()


def test_every_rule_has_an_expression_a_severity_and_a_summary(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        assert rule["expr"] and rule["labels"]["severity"] in ("warning", "critical") and rule["annotations"]["summary"]
    assert len({rule["alert"] for rule in rules}) == len(rules)


def test_panels_of_the_dashboard_have_places_and_queries_of_their_own(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert all(panel["targets"] for panel in panels)


@pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is missing. As root, type: apt-get install --no-install-recommends prometheus",
)
async def test_promtool_accepts_rules_and_metrics(database: str, state: Path) -> None:
    for command in (["check", "rules", "mediafetcher.rules.yml"], ["test", "rules", "rules_test.yml"]):
        done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    text = await metrics.render()
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr
