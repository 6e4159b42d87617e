"""Writes `kafka-jars.sha256` anew: Kafka and all it needs, as Maven resolves it, with the sums of today's bytes."""

import hashlib

import jgo

from deploy.local.kafka_jars import SUMS

KAFKA = "org.apache.kafka:kafka_2.13:4.3.0"


def main() -> None:
    """Resolve, download and sum; the bridge from SLF4J takes the version of Kafka's own Log4j."""
    artifacts = jgo.resolve(KAFKA)
    maven = artifacts[0].context
    log4j = next(artifact for artifact in artifacts if artifact.artifactId == "log4j-core")
    bridge = maven.project(log4j.groupId, "log4j-slf4j-impl").at_version(log4j.version).artifact()
    rows = {
        f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}": hashlib.sha256(artifact.resolve().read_bytes())
        for artifact in (*artifacts, bridge)
    }
    SUMS.write_text("".join(f"{rows[name].hexdigest()}  {name}\n" for name in sorted(rows)))


if __name__ == "__main__":
    main()
