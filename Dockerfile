# syntax=docker/dockerfile:1
# The first stage builds on Debian 12 with what scripts/packages names; the image holds the files that the program
# needs from there and nothing else: no shell, no package manager.
#   docker build -t postern .
#   docker run --read-only -v postern:/var/lib/postern -e RELAYHOST=email-smtp.eu-west-1.amazonaws.com:587 \
#     -e RELAYHOST_USERNAME=... -e RELAYHOST_PASSWORD_FILE=/run/secrets/ses ... postern
# It listens on loopback, for the containers that share its network. For others:
#   -e POSTERN_LISTEN_ADDRESS=0.0.0.0:25 -e POSTERN_ACCESS_NETWORKS=172.16.0.0/12
FROM docker.io/library/debian:bookworm-slim AS build
ENV LANG=C.UTF-8
WORKDIR /src
COPY scripts/packages scripts/packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends $(sed -n 's/^build: *//p' scripts/packages) \
 && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release \
 && cmake --build --preset release --target postern \
 && packaging/image/collect build/release/postern /image

FROM scratch
LABEL org.opencontainers.image.title="postern" \
      org.opencontainers.image.description="Mail relay beside an application, to Amazon SES" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"
COPY --from=build /image /
# The one place that is written to. Any other user does as well (--user, runAsUser, OpenShift).
USER 65532:65532
WORKDIR /var/lib/postern
VOLUME /var/lib/postern
ENV PATH=/usr/bin \
    POSTERN_ADMIN_SOCKET=/var/lib/postern/admin.sock
EXPOSE 25 8025
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["postern", "health"]
ENTRYPOINT ["postern"]
CMD ["serve"]
