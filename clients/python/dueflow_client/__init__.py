"""The typed Python client of Dueflow's REST API: what an ERP needs to issue, to be paid and to see what is owed."""

from dueflow_client.client import Addresses, Dueflow
from dueflow_client.problem import Problem

__all__ = ["Addresses", "Dueflow", "Problem"]
