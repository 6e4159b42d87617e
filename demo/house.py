"""What everybody in the simulated company shares: the public API, the seed, and the count of what was done."""

from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dueflow_client import Dueflow, Problem
from dueflow_client.shapes import Entity

from demo.chance import Chance

T = TypeVar("T")

COMPANY: Entity = {
    "code": "qinghe",
    "name": "清河工业品有限公司 Qinghe Industrial Supplies Co., Ltd.",
    "country": "CN",
    "zone": "Asia/Shanghai",
    "currency": "CNY",
    "accounts": "china",
    "payee": {
        "name": "清河工业品有限公司",
        "account": "6222 0000 0000 0000 123",
        "bank": "示例银行上海分行 Example Bank Shanghai",
        "phone": "+86 21 5550 0142",
        "email": "receivables@qinghe.example.test",
        "bic": "EXAMCNBJXXX",
    },
    "tax_number": "91310115MA1K000000",
    "address": "上海市浦东新区示例路88号 88 Example Road, Pudong, Shanghai 200120",
    "sender_email": "receivables@qinghe.example.test",
    "sms_signature": "清河工业品",
}


@dataclass(slots=True)
class Tally:
    """How often each thing was done, and how often it was refused and with which title."""

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)

    def counts(self) -> Mapping[str, int]:
        """Return what was done so far."""
        return self.done


@dataclass(frozen=True, slots=True)
class House:
    """The simulated company; its colleague is the second person wherever one is not enough."""

    dueflow: Dueflow
    chance: Chance
    colleague: Dueflow | None = None
    tally: Tally = field(default_factory=Tally)

    async def ask(self, what: str, call: Awaitable[T]) -> T | None:
        """Make one call; a refusal is counted with its title and answered with None."""
        try:
            answer = await call
        except Problem as problem:
            self.tally.refused[what, problem.title] += 1
            return None
        self.tally.done[what] += 1
        return answer

    def count(self, what: str, results: list[Any | Problem]) -> list[Any | None]:
        """Count the results of a batch; those that were refused become None."""
        for result in results:
            if isinstance(result, Problem):
                self.tally.refused[what, result.title] += 1
        self.tally.done[what] += sum(not isinstance(result, Problem) for result in results)
        return [None if isinstance(result, Problem) else result for result in results]
