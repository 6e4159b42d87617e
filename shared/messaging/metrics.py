"""What messaging tells Prometheus: how old the outbox is, how far consumers lag, what stands still."""

from prometheus_client import Counter, Gauge, Histogram

from shared.observe.figures import Figure

appended = Counter("dueflow_events_appended", "Events committed together with the facts that they tell", ["topic"])
facts = Counter("dueflow_facts", "Events committed, by type: what happened in the business", ["event"])
published = Counter("dueflow_events_published", "Records acknowledged by Kafka", ["topic"])
withheld = Counter("dueflow_events_withheld", "Events too large for the broker, told without their bodies", ["topic"])
outbox_age = Gauge("dueflow_outbox_oldest_seconds", "Age of the oldest event that Kafka does not have yet", ["topic"])
consumed = Counter("dueflow_events_consumed", "Events applied or knowingly passed over", ["topic"])
duplicates = Counter("dueflow_events_duplicate", "Records at or below the stored position", ["topic"])
quarantined = Counter("dueflow_records_quarantined", "Records without a valid envelope", ["topic"])
parked = Counter("dueflow_events_parked", "Events set aside with their customer", ["topic"])
lag = Gauge(
    "dueflow_consumer_lag_records", "Records in the partition beyond the stored position", ["topic", "partition"]
)
stopped = Gauge("dueflow_partition_stopped", "1 while a partition is stopped on purpose", ["topic", "partition"])
failing = Gauge(
    "dueflow_partition_failing_seconds",
    "How long a partition fails at the same place; 0 where it flows",
    ["partition"],
)
apply_seconds = Histogram("dueflow_apply_seconds", "One transaction of events", ["topic"])
day_seconds = Histogram("dueflow_day_chunk_seconds", "One chunk of a day's work")
rebuilt = Counter("dueflow_kafka_clients_rebuilt", "Kafka clients dropped and made anew", ["reason"])

FIGURES = (
    Figure(
        Gauge("dueflow_customers_parked", "Customers whose events wait behind one that cannot be applied"),
        "SELECT count(*) FROM customer WHERE parked_at IS NOT NULL",
    ),
    Figure(
        Gauge("dueflow_records_in_quarantine", "Records that lie in quarantine"),
        "SELECT count(*) FROM quarantine",
    ),
)
