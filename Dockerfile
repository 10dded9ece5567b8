# One file for all images of the stack; `docker-compose.yml` names the target. No Qt, no compiler, no package
# manager's settings in what comes out: pip and its index are used in the stage `packages` alone.
ARG BASE_IMAGE=python:3.11.14-slim-bookworm
# May be an image with a pip.conf, certificates or wheels of its own, for networks without the public index.
ARG BUILD_IMAGE=${BASE_IMAGE}

FROM ${BUILD_IMAGE} AS packages
# Empty: what pip is configured for. It does not stay in any image that is used, but in the build cache it does:
# an index that wants a password belongs in the pip.conf of BUILD_IMAGE.
ARG PIP_INDEX=
COPY requirements/images.txt /requirements.txt
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-compile --no-deps --require-hashes \
      --only-binary :all: ${PIP_INDEX:+--index-url "$PIP_INDEX"} --target /packages --requirement /requirements.txt \
  && rm -rf /packages/bin \
  && python -m compileall -q /packages

FROM ${BASE_IMAGE} AS runtime
ENV PYTHONPATH=/app:/app/packages PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN groupadd --system --gid 10001 songnodes \
  && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin songnodes
WORKDIR /app
COPY --from=packages /packages /app/packages
COPY resources/images/health.py /app/health.py
COPY backend/__init__.py backend/http.py /app/backend/
COPY backend/contracts /app/backend/contracts
COPY backend/messaging /app/backend/messaging
COPY backend/services /app/backend/services
COPY resources/migrations /app/migrations
RUN python -m compileall -q /app/backend
USER 10001:10001

FROM runtime AS api-gateway-internal
USER root
# The playbook asks `ping` whether postgres and redis can be reached. Without file capabilities: the container
# has none to give, and Docker allows plain users to ping.
RUN if ! command -v ping >/dev/null; then \
      apt-get update && apt-get install -y --no-install-recommends iputils-ping && rm -rf /var/lib/apt/lists/*; \
    fi \
  && ping="$(readlink -f "$(command -v ping)")" && cp "$ping" /tmp/ping && mv /tmp/ping "$ping" && chmod 0755 "$ping"
USER 10001:10001
ARG RELEASE=development
ARG REVISION=unknown
ARG CREATED=
ENV SONGNODES_RELEASE=${RELEASE}
LABEL org.opencontainers.image.title=api-gateway-internal org.opencontainers.image.version=${RELEASE} \
      org.opencontainers.image.revision=${REVISION} org.opencontainers.image.created=${CREATED}
EXPOSE 8022
CMD ["python", "-m", "backend.services.api_gateway"]

FROM runtime AS dlq-manager
ARG RELEASE=development
ARG REVISION=unknown
ARG CREATED=
ENV SONGNODES_RELEASE=${RELEASE}
LABEL org.opencontainers.image.title=dlq-manager org.opencontainers.image.version=${RELEASE} \
      org.opencontainers.image.revision=${REVISION} org.opencontainers.image.created=${CREATED}
EXPOSE 8021
CMD ["python", "-m", "backend.services.dlq_manager"]

FROM runtime AS metadata-enrichment
ARG RELEASE=development
ARG REVISION=unknown
ARG CREATED=
ENV SONGNODES_RELEASE=${RELEASE}
LABEL org.opencontainers.image.title=metadata-enrichment org.opencontainers.image.version=${RELEASE} \
      org.opencontainers.image.revision=${REVISION} org.opencontainers.image.created=${CREATED}
EXPOSE 8020
CMD ["python", "-m", "backend.services.metadata_enrichment"]

FROM runtime AS enrichment-worker
ARG RELEASE=development
ARG REVISION=unknown
ARG CREATED=
ENV SONGNODES_RELEASE=${RELEASE}
LABEL org.opencontainers.image.title=enrichment-worker org.opencontainers.image.version=${RELEASE} \
      org.opencontainers.image.revision=${REVISION} org.opencontainers.image.created=${CREATED}
EXPOSE 8023
CMD ["python", "-m", "backend.services.metadata_enrichment", "worker"]

FROM runtime AS provider-simulator
COPY backend/sandbox /app/backend/sandbox
COPY resources/catalogue /app/resources/catalogue
ARG RELEASE=development
ARG REVISION=unknown
ARG CREATED=
ENV SONGNODES_RELEASE=${RELEASE}
LABEL org.opencontainers.image.title=provider-simulator org.opencontainers.image.version=${RELEASE} \
      org.opencontainers.image.revision=${REVISION} org.opencontainers.image.created=${CREATED}
EXPOSE 8030
CMD ["python", "-m", "backend.sandbox"]
