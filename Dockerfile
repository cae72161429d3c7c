# hopwise as a container: docker build --tag hopwise .
#
#   docker run --publish 80:8080 --volume ./conf:/etc/hopwise:ro hopwise
#   (conf/hopwise.config.yaml says what it serves)
#   docker run --publish 80:8080 hopwise proxy --listen 0.0.0.0:8080 --to http://app:3000
#
# Every flag is a variable, too: --env HOPWISE_WORKERS=auto. docs/guide.md says more.
FROM node:24-alpine AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY rolldown.config.ts third-parties.ts tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY dashboard ./dashboard
RUN npm run build

FROM node:24-alpine
# The package needs no other one.
COPY --from=build /src/package.json /opt/hopwise/package.json
COPY --from=build /src/dist /opt/hopwise/dist
COPY schema.json LICENSE /opt/hopwise/
RUN chmod +x /opt/hopwise/dist/cli/main.js && ln -s /opt/hopwise/dist/cli/main.js /usr/local/bin/hopwise
# Where the file and what it names are looked for.
WORKDIR /etc/hopwise
# This is node; as a number, because Kubernetes cannot tell of a name that it is not root (runAsNonRoot).
USER 1000:1000
# The admin port: by default of proxy and forward 9901; of run what the file says, and it should say 127.0.0.1:9901.
HEALTHCHECK --interval=10s --timeout=2s --start-period=10s CMD ["node", "-e", "const port = /[0-9]+$/.exec(process.env.HOPWISE_ADMIN ?? '')?.[0] ?? 9901; fetch(`http://127.0.0.1:${port}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The first drains; Docker kills 10 s later, unless --stop-timeout says otherwise.
STOPSIGNAL SIGTERM
# The first process itself, without a shell that would keep signals to itself.
ENTRYPOINT ["hopwise"]
CMD ["run"]
