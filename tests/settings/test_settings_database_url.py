# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Which URLs of databases are accepted, and what is said of the others."""

from __future__ import annotations

import re

import pytest
from longtake_server.configuration.database_urls import database_url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:password@one:5432,two:5432/longtake?sslmode=verify-full",
        "postgres://localhost/longtake",
        "postgresql://ann:p%40ss%2F@[::1]:5432/longtake",
        "postgresql:///longtake?host=/run/postgresql",
        "postgresql://one,two/?dbname=longtake",
        "postgresql://one/longtake?target_session_attrs=read-write",
        "postgresql://one/longtake?options=-csearch_path%3Dvideos",
    ],
)
def test_a_url_of_a_database(url: str) -> None:
    assert database_url(url) == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root:hush@one/db", "only PostgreSQL is supported"),
        ("mongodb+srv://root:hush@one/db", "only PostgreSQL is supported"),
        ("cockroachdb://root:hush@one/db", "only PostgreSQL is supported"),
        ("sqlite:///hush.db", "only PostgreSQL is supported"),
        ("postgresql+asyncpg://ann:hush@one/db", "without the name of a driver"),
        ("jdbc:postgresql://one/hush", "without the name of a driver or jdbc:"),
        ("host=one password=hush", "accepted is a URL of PostgreSQL"),
        ("hush", "accepted is a URL of PostgreSQL"),
        ("postgresql://ann:hu sh@one/db", "has no blanks"),
        ("postgresql://ann:hush%@one/db", "a % is written %25"),
        ("postgresql://ann:hu#sh@one/db", "a # in a URL is written %23"),
        ("postgresql://ann:hush@one", "the name of the database is missing"),
        ("postgresql://ann:hush@one/", "the name of the database is missing"),
        ("postgresql://ann:hush@one,/db", "a host is missing or wrong"),
        ("postgresql://ann:hush@::1/db", "a host is missing or wrong"),
        ("postgresql://ann:hush@[::1/db", "the hosts are wrong"),
        ("postgresql://ann:hush@one:99999/db", "from 1 to 65535"),
        ("postgresql://ann:hush@one:port/db", "from 1 to 65535"),
        ("postgresql://one,two/hush?target_session_attrs=any", "uses the primary only"),
        ("postgresql://one/hush?target_session_attrs=prefer-standby", "uses the primary only"),
        ("postgresql://one/hush?sslmode=yes", "sslmode is disable, allow, prefer, require"),
        ("postgresql://hush@x.dsql.us-east-1.on.aws/postgres", "Aurora DSQL is not supported"),
        ("postgresql://hush@a-1.cockroachlabs.cloud:26257/db", "CockroachDB is not supported"),
    ],
)
def test_another_url_is_refused_and_not_quoted(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as refused:
        database_url(url)
    assert "hu" not in str(refused.value)
