"""The dashboard and the alerts of rel/ name metrics that there are, with labels and values that they have."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xmppd import metrics
from xmppd.monitor import gather

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "rel" / "grafana" / "xmppd.json"
ALERTS = ROOT / "rel" / "prometheus" / "xmppd.yml"
#: what Prometheus itself makes
ITS_OWN: dict[str, tuple[str, ...]] = {"up": ()}
ADDED = ("node", "job", "instance")
WORDS = re.compile(
    r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\b[a-zA-Z_:][\w:]*(?=\s*\()|\b(?:by|without)\s*\([^)]*\)|\b(?:and|or|unless|bool|offset)\b'
)
SERIES = re.compile(r"\b([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^}]*)\})?")


def declared() -> dict[str, metrics.Metric]:
    """All metrics of a worker and of the parent: every file of the server is loaded."""
    for path in sorted((ROOT / "apps" / "xmppd").rglob("*.py")):
        if "metrics." in path.read_text(encoding="utf-8") and "testing" not in path.parts:
            importlib.import_module(".".join(path.relative_to(ROOT / "apps").with_suffix("").parts))
    return dict(metrics.METRICS)


def expressions() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        yield from [target["expr"] for target in panel.get("targets", ())]
    yield from re.findall(r"^\s+expr: (.+)$", ALERTS.read_text(encoding="utf-8"), re.MULTILINE)


def labels_of(name: str, known: dict[str, metrics.Metric]) -> dict[str, tuple[str, ...]] | None:
    """The labels of a series and their values, () where any may come; None if there is no such series."""
    if name in ITS_OWN or name == "xmppd_up":
        return dict.fromkeys(ADDED, ())
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    metric = known.get(name) or known.get(base)
    if metric is None or (metric.type == "histogram") != (base != name):
        return None
    more = {"le": ()} if name.endswith("_bucket") else {}
    return {**metric._labels, **more, **dict.fromkeys(ADDED, ())}


def faults(expression: str, known: dict[str, metrics.Metric]) -> list[str]:
    """What an expression names that is not there."""
    wrong = [] if expression.count("(") == expression.count(")") else ["brackets"]
    found: set[str] = set()
    for match in SERIES.finditer(re.sub(r"\[[^\]]*\]", "", expression)):
        name, inside = match.groups()
        labels = labels_of(name, known)
        if labels is None:
            looks_like_one = name.startswith(("xmppd_", "otp_", "process_", "python_"))
            wrong += [name] if looks_like_one else []
            continue
        found |= labels.keys()
        for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', inside or ""):
            values = labels.get(label)
            words = value.split("|") if "~" in operator else [value]
            if values is None or (values and not {*words} <= {*values, metrics.OTHER}):
                wrong.append(f"{name}: {label} {value}")
    for names in re.findall(r"\bby\s*\(([^)]*)\)", expression):
        wrong += [f"by {name}" for name in re.findall(r"\w+", names) if name not in found]
    return wrong


def test_the_dashboard_and_the_alerts_name_what_there_is() -> None:
    known = declared()
    asked = list(expressions())
    assert len(asked) > 50
    assert {text: wrong for text in asked if (wrong := faults(text, known))} == {}


@pytest.mark.parametrize(
    "expression",
    [
        "rate(xmppd_no_such_total[5m])",
        "xmppd_store_commit_seconds",
        'xmppd_stanzas_total{kind="letter"}',
        'xmppd_stanzas_total{colour="red"}',
        "sum by (colour) (xmppd_stanzas_total)",
        "sum(xmppd_sessions",
    ],
)
def test_what_is_not_there_would_be_found(expression: str) -> None:
    assert faults(expression, declared())


def test_each_metric_of_the_dashboard_has_its_words() -> None:
    for name, metric in declared().items():
        assert metric.help, name
        assert not metric.help.endswith("."), name


def test_the_legends_name_labels_that_there_are() -> None:
    known = declared()
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            labels: set[str] = set()
            for match in SERIES.finditer(re.sub(r"\[[^\]]*\]", "", target["expr"])):
                labels |= (labels_of(match[1], known) or {}).keys()
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= labels, panel["title"]


def test_the_summaries_of_alerts_name_labels_that_there_are() -> None:
    known = declared()
    text = ALERTS.read_text(encoding="utf-8")
    rules = re.split(r"^      - alert: ", text, flags=re.MULTILINE)[1:]
    assert len(rules) > 10
    for rule in rules:
        labels: set[str] = {"instance", "job"}
        for match in SERIES.finditer(re.sub(r"\[[^\]]*\]", "", rule.partition("expr: ")[2].partition("\n")[0])):
            labels |= (labels_of(match[1], known) or {}).keys()
        assert set(re.findall(r"\$labels\.(\w+)", rule)) <= labels, rule
        assert "summary: " in rule
        assert re.search(r"severity: (critical|warning)\}", rule)


def test_prometheus_takes_the_alerts() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    said = subprocess.run([promtool, "check", "rules", str(ALERTS)], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr


def test_no_label_is_for_what_clients_choose() -> None:
    chosen: Any = {"jid", "user", "account", "resource", "ip", "address", "peer_ip", "stanza_id"}
    assert {name: metric.labels for name, metric in declared().items() if chosen & set(metric.labels)} == {}
    assert gather.PARENT == "main"
