# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the certificate of the servers up to date with its files, without a restart."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import grpc

from longtake_server.errors import CertificateRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake_server.clock import Clock
    from longtake_server.rpc.certificate_files import (
        CertificateFiles,
        FileContents,
        TlsIdentity,
    )

    Configured = Callable[[TlsIdentity], grpc.ServerCertificateConfiguration]

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0


class Certificates:
    """The certificate that the server presents, and the authorities that it accepts.

    gRPC takes over a new certificate when a client connects. Open connections keep theirs.

    Args:
        files: The files.
        contents: What they hold.
        identity: The same, checked.
        clock: Time.

    """

    def __init__(
        self, files: CertificateFiles, contents: FileContents, identity: TlsIdentity, clock: Clock
    ) -> None:
        self._files = files
        self._identity = identity
        self._clock = clock
        # What the files held, or why they could not be read: when they were last taken over or
        # refused with a line in the log, and when they were last found at fault.
        self._judged: FileContents | str = contents
        self._suspect: FileContents | str = contents
        self._listeners: list[_Handover] = []
        self._followers: list[Callable[[TlsIdentity], None]] = []
        self._log_identity("loaded the TLS certificate")

    @classmethod
    async def load(cls, files: CertificateFiles, clock: Clock) -> Certificates:
        """Read and check the files.

        Raises:
            CertificateRefused: They cannot be used.

        """
        contents = await asyncio.to_thread(files.read)
        return cls(files, contents, await asyncio.to_thread(contents.identity), clock)

    @property
    def expiry(self) -> float:
        """The Unix time in seconds at which the certificate expires."""
        return self._identity.validity.not_after.timestamp()

    def tls_credentials(self) -> grpc.ServerCredentials:
        """Return the credentials of a listener that asks clients for no certificate."""
        fetch = self._handover(_server_side)
        return grpc.dynamic_ssl_server_credentials(_server_side(self._identity), fetch)

    def mtls_credentials(self) -> grpc.ServerCredentials:
        """Return the credentials of a listener that requires a certificate of each client."""
        fetch = self._handover(_both_sides)
        return grpc.dynamic_ssl_server_credentials(
            _both_sides(self._identity), fetch, require_client_authentication=True
        )

    def follow(self, take: Callable[[TlsIdentity], None]) -> None:
        """Call `take` with the certificate now, and whenever it has changed."""
        take(self._identity)
        self._followers.append(take)

    async def run(self) -> None:
        """Look at the files every second, until cancelled."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Take over the files if they have changed, or log once why they cannot be used."""
        contents = None
        try:
            # The contents are compared, because time and size can stay the same in a change.
            contents = await asyncio.to_thread(self._files.read)
            if contents == self._judged:
                return
            identity = await asyncio.to_thread(contents.identity)
        except CertificateRefused as refusal:
            self._refuse(contents or str(refusal), str(refusal))
        else:
            self._take_over(contents, identity)

    def _handover(self, configured: Configured) -> Any:
        # Returned as Any: the types of grpcio lack None, which stands for no change.
        handover = _Handover(configured)
        self._listeners.append(handover)
        return handover.take

    def _refuse(self, found: FileContents | str, cause: str) -> None:
        """Log a refusal that two looks in a row find. Files may be half replaced at the first."""
        if found == self._suspect and found != self._judged:
            self._judged = found
            _log.error(
                "cannot use the new TLS files; the server keeps its certificate",
                extra={"cause": cause, **self._fields()},
            )
        self._suspect = found

    def _take_over(self, contents: FileContents, identity: TlsIdentity) -> None:
        self._judged = contents
        if identity == self._identity:
            _log.info("the TLS files hold the certificate in use", extra=self._fields())
            return
        self._identity = identity
        for listener in self._listeners:
            listener.offer(identity)
        for take in self._followers:
            take(identity)
        self._log_identity("changed the TLS certificate; new connections see it")

    def _log_identity(self, text: str) -> None:
        _log.info(text, extra=self._fields())
        now = self._clock.now()
        if fault := self._identity.validity.fault(now):
            _log.warning("clients refuse the TLS certificate", extra={"cause": fault})
        for validity in self._identity.client_ca_validities:
            if fault := validity.fault(now):
                _log.warning(
                    "an authority of LONGTAKE_MTLS_CLIENT_CA is not valid", extra={"cause": fault}
                )

    def _fields(self) -> dict[str, str]:
        return {
            "serial": f"{self._identity.serial:x}",
            "expires": self._identity.validity.not_after.isoformat(),
        }


class _Handover:
    """Gives gRPC each new configuration of one listener once. With none, gRPC keeps what it has.

    gRPC takes it on its own threads, and what it raised there would be lost.
    """

    def __init__(self, configured: Configured) -> None:
        self._configured = configured
        self._offered: deque[grpc.ServerCertificateConfiguration] = deque(maxlen=1)

    def offer(self, identity: TlsIdentity) -> None:
        self._offered.append(self._configured(identity))

    def take(self) -> grpc.ServerCertificateConfiguration | None:
        try:
            return self._offered.popleft()
        except IndexError:
            return None


def _server_side(identity: TlsIdentity) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(identity.key, identity.chain)])


def _both_sides(identity: TlsIdentity) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(identity.key, identity.chain)], identity.client_ca
    )
