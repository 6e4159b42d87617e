"""One role and one database per service, and a role that may only read them all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

SERVICES = ("credit", "ledger", "collections", "notifications")
_CHECKER = "checker"


@dataclass(frozen=True, kw_only=True, slots=True)
class Databases:
    """By service: the URL its owner connects with, and the URL of the read-only checker."""

    urls: Mapping[str, str]
    checker_urls: Mapping[str, str]


async def ensure_databases(
    *,
    server_url: str,
    password_of: Callable[[str], str],
    services: Sequence[str] = SERVICES,
    prefix: str = "dueflow_",
) -> Databases:
    """Create what is missing, set the passwords, and return SQLAlchemy URLs; doing it again changes nothing.

    `server_url` is of a role that may create roles and databases; `password_of` gives a role's password by its name.
    """
    checker = prefix + _CHECKER
    names = {service: prefix + service for service in services}
    admin = await asyncpg.connect(server_url)
    try:
        await _ensure_role(admin, checker, password=password_of(checker))
        await admin.execute(f"ALTER ROLE {_quoted(checker)} SET default_transaction_read_only = on")
        for name in names.values():
            await _ensure_role(admin, name, password=password_of(name))
            await _ensure_database(admin, name, reader=checker)
    finally:
        await admin.close()
    owner_urls = {service: _url(server_url, role=name, password=password_of(name)) for service, name in names.items()}
    for url in owner_urls.values():
        await _let_read(url, reader=checker)
    return Databases(
        urls={service: for_sqlalchemy(url) for service, url in owner_urls.items()},
        checker_urls={
            service: for_sqlalchemy(_url(server_url, role=checker, password=password_of(checker), database=name))
            for service, name in names.items()
        },
    )


def for_sqlalchemy(url: str) -> str:
    """The same URL with the driver that the services use."""
    return "postgresql+asyncpg" + url.removeprefix("postgresql")


async def _ensure_role(admin: asyncpg.Connection, name: str, *, password: str) -> None:
    exists = await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if exists else "CREATE"
    literal = await admin.fetchval("SELECT quote_literal($1)", password)
    await admin.execute(f"{verb} ROLE {_quoted(name)} LOGIN PASSWORD {literal}")


async def _ensure_database(admin: asyncpg.Connection, name: str, *, reader: str) -> None:
    """Only its owner and the reader may connect."""
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
        await admin.execute(f"CREATE DATABASE {_quoted(name)} OWNER {_quoted(name)}")
    await admin.execute(f"REVOKE ALL ON DATABASE {_quoted(name)} FROM PUBLIC")
    await admin.execute(f"GRANT CONNECT ON DATABASE {_quoted(name)} TO {_quoted(reader)}")


async def _let_read(owner_url: str, *, reader: str) -> None:
    """Said by the owner, so that it holds for the tables its migrations make later."""
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute(f"GRANT USAGE ON SCHEMA public TO {_quoted(reader)}")
        await owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {_quoted(reader)}")
        await owner.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {_quoted(reader)}")
    finally:
        await owner.close()


def _url(server_url: str, *, role: str, password: str, database: str | None = None) -> str:
    server = urlsplit(server_url)
    address = server.netloc.rpartition("@")[2]
    return urlunsplit(
        server._replace(netloc=f"{role}:{quote(password, safe='')}@{address}", path=f"/{database or role}")
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
