# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The asynchronous client. Every `Client` has one as `client.aio`."""

from longtake._async.client import AsyncBaseClient

__all__ = ["AsyncClient"]


class AsyncClient(AsyncBaseClient):  # noqa: D101 - it has its base's
    __doc__ = AsyncBaseClient.__doc__

    async def aclose(self) -> None:
        """Close the connection, as `close` does, by the name that google-genai has."""
        await self.close()
