"""_metrics — the page of the metrics, as the files that count declare them."""

from __future__ import annotations

import importlib
from pathlib import Path

from _md import page, table

from xmppd import metrics

APPS = Path(__file__).resolve().parent.parent / "apps"


def declared() -> dict[str, tuple[metrics.Metric, str]]:
    """All metrics of the server with the file that declares them: every file that does is loaded."""
    found: dict[str, tuple[metrics.Metric, str]] = {}
    for path in sorted((APPS / "xmppd").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "metrics." not in text or "testing" in path.parts:
            continue
        importlib.import_module(".".join(path.relative_to(APPS).with_suffix("").parts))
        for name, metric in metrics.METRICS.items():
            if f'"{name}"' in text:
                found[name] = (metric, str(path.relative_to(APPS.parent)))
    return dict(sorted(found.items()))


def metrics_page() -> str:
    """Every metric, its type, its labels and where it is counted."""
    words = f"""
What `/metrics` shows ([operate.md](operate.md#health-and-metrics)). Each series also has the label `node` (w1, w2 …;
main is the parent), and `xmppd_up` is 1 for a node that has answered the scrape. A label has the values that are
declared, and `{metrics.OTHER}`: none is made of what a client says.
Histograms have the usual `_bucket`, `_sum` and `_count`."""
    rows = [
        (f"`{name}`", metric.type, ", ".join(metric.labels), metric.help, f"`{path}`")
        for name, (metric, path) in declared().items()
    ]
    return page("Metrics", words, table(("metric", "type", "labels", "what", "counted in"), rows))
