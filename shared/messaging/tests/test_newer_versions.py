"""What a newer publisher says in a version not known yet: it waits in its place, and takes effect after the upgrade."""

from sqlalchemy import text

from shared.contracts.ledger import BusinessDayReached, InvoiceSettled
from shared.ids import customer_id_of
from shared.messaging.markers import DayMarkers
from shared.messaging.tests.toy import TODAY, Toy, customers_in, day_marker, settled

_NEWER = "ledger.invoice-settled.v2"


class _NewerInvoiceSettled(InvoiceSettled):
    """The newer version as the upgraded service reads it; without a wire of its own, so that no catalogue lists it."""

    paid_by: str


async def _make_newer(toy: Toy, subject: str, *, wire: str, body: str = "body") -> None:
    async with toy.publisher.begin() as connection:
        await connection.execute(
            text(f"UPDATE outbox SET wire = :wire, body = {body} WHERE subject = :subject"),
            {"wire": wire, "subject": subject},
        )


async def test_row_22_a_newer_major_version_parks_its_customer_and_takes_effect_after_the_upgrade(toy: Toy) -> None:
    """Faults 2.22: not dropped, not guessed at; others flow, and the customer's events keep their order."""
    ahead, other = customers_in(0, 2)
    await toy.publish(*(settled(ahead, f"V-{n}") for n in range(1, 4)), settled(other, "O-1"))
    await _make_newer(toy, "V-2", wire=_NEWER, body="""rtrim(body, '}') || ',"paid_by":"bank"}'""")
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 2)
        await toy.until("SELECT count(*) FROM parked_item", 2)
    unknown = await toy.parking.release(customer_id_of(ahead), actor="clerk")
    assert unknown.cause == f"Refused: {_NEWER} is a version that this service does not know yet"
    toy.subscription.accepts = {**toy.subscription.accepts, _NEWER: _NewerInvoiceSettled}
    assert (await toy.parking.release(customer_id_of(ahead), actor="clerk")).applied == 2
    assert [each.split()[-1] for each in await toy.effects(ahead)] == ["V-1", "V-2", "V-3"]
    assert [each.split()[-1] for each in await toy.effects(other)] == ["O-1"]


async def test_row_22_a_service_that_knows_both_versions_parks_nobody(toy: Toy) -> None:
    """Faults 2.22: upgraded before its publisher, it never notices."""
    customer = customers_in(0, 1)[0]
    toy.subscription.accepts = {**toy.subscription.accepts, _NEWER: _NewerInvoiceSettled}
    await toy.publish(settled(customer, "B-1"))
    await _make_newer(toy, "B-1", wire=_NEWER, body="""rtrim(body, '}') || ',"paid_by":"bank"}'""")
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 1)


async def test_row_22_a_newer_marker_stops_its_partition_until_the_upgrade(toy: Toy) -> None:
    """Faults 2.22: nobody can queue behind a day, so that the partition waits, says why, and goes on by itself."""
    customer, elsewhere = customers_in(0, 1)[0], customers_in(1, 1)[0]
    await toy.publish(settled(customer, "M-1"), day_marker(TODAY, 0), settled(customer, "M-2"))
    newer = BusinessDayReached.wire.replace(".v1", ".v2")
    await _make_newer(toy, str(TODAY), wire=newer)
    async with toy.running():
        await toy.publish(settled(elsewhere, "E-1"))
        await toy.until(
            f"SELECT count(*) FROM stream_position WHERE stopped_reason LIKE '%{newer}%not known here yet%'", 1
        )
        await toy.until("SELECT count(*) FROM effect", 2)
    markers = DayMarkers(newer, newer, {newer: BusinessDayReached})
    toy.lane._markers = toy.lane.passing._markers = markers  # noqa: SLF001 - the upgraded service's
    async with toy.running():
        await toy.until("SELECT count(*) FROM effect", 4)
    assert [each.split()[-1] for each in await toy.effects(customer)] == ["M-1", str(TODAY), "M-2"]
