"""What the checker shows of itself: what differs, how much was compared, and whether and when it could look."""

from prometheus_client import Gauge

differences = Gauge("dueflow_check_differences", "What the check found to differ when it ran last", ["check"])
compared = Gauge("dueflow_check_compared", "What the check compared when it ran last", ["check"])
able = Gauge("dueflow_check_able", "1 if the last round could run, 0 if something it reads was away", ["scope"])
ended = Gauge("dueflow_check_ended_timestamp_seconds", "When a round ended last that could run", ["scope"])
seconds = Gauge("dueflow_check_seconds", "How long that round took", ["scope"])
