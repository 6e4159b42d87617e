"""The figures that every process counts, by Prometheus; labels are few and never a customer."""

from collections.abc import Collection

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

HTTP_SECONDS = Histogram(
    "dueflow_http_request_seconds",
    "Time to answer a request, by route template.",
    ("method", "route", "status"),
    buckets=_SECONDS,
)
BATCH_SIZE = Histogram(
    "dueflow_gathered_requests",
    "Requests that shared a transaction.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
)
UNHANDLED = Counter("dueflow_unhandled_errors", "Requests that ended in a fault of ours.")


def exposition(names: Collection[str] = ()) -> tuple[bytes, str]:
    """Return the figures of this process as text, all or those of these names, with the media type."""
    return generate_latest(REGISTRY.restricted_registry(names) if names else REGISTRY), CONTENT_TYPE_LATEST
