"""What Prometheus is shown of collections' tables."""

from prometheus_client import Gauge

from shared.observe.figures import Figure

FIGURES = (
    Figure(
        Gauge("dueflow_cases_open", "Open cases, by stage", ["stage"]),
        "SELECT stage, count(*) FROM collection_case WHERE closed_date IS NULL GROUP BY stage",
    ),
)
