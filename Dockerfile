# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0

FROM python:3.11-slim AS builder
WORKDIR /source
COPY requirements-build.lock requirements-server.lock ./
RUN python -m venv /build \
    && /build/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r requirements-build.lock \
    && python -m venv /opt/longtake \
    && /opt/longtake/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r requirements-server.lock
COPY LICENSE README.md pyproject.toml ./
COPY client_stubs/python client_stubs/python
COPY server server
RUN /build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels ./client_stubs/python . \
    && /opt/longtake/bin/pip install --no-cache-dir --no-deps --no-index /wheels/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/longtake --create-home --shell /usr/sbin/nologin longtake
COPY --from=builder /opt/longtake /opt/longtake
# LONGTAKE_LISTEN keeps its default, a loopback address: the image starts as it is and serves inside
# its container. To publish the port, set LONGTAKE_LISTEN=0.0.0.0:50051 with TLS and authentication,
# or say what you allow with LONGTAKE_INSECURE.
ENV PATH=/opt/longtake/bin:$PATH \
    LONGTAKE_DATA_FOLDER=/var/lib/longtake \
    LONGTAKE_LOG_FORMAT=json
USER 10001:10001
VOLUME /var/lib/longtake
EXPOSE 50051
# Calls the gRPC health service at LONGTAKE_LISTEN, over TLS if the settings say so.
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["longtake-server", "health"]
ENTRYPOINT ["longtake-server"]
CMD ["serve"]
