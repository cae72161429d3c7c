/**
 * The story of HTTP connections in sixteen statements: what persistent connections are for, how they were got wrong, and
 * how they are closed. Each says which rows of the checklist carry it, and where it lives in code, tests and lab.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly rows: readonly number[];
  /** Files that decide it, the first one first of all. */
  readonly code: readonly string[];
  /** Files that show it, beside the cases of the rows. */
  readonly tests: readonly string[];
  /** Scenarios that play it: `hopwise lab NAME`. */
  readonly lab: readonly string[];
}

export const story: readonly Statement[] = [
  {
    name: "S1",
    text: "At first every request had a connection of its own, closed after the response.",
    rows: [58],
    code: ["src/connection/persistence.ts"],
    tests: ["test/load/http10-keep-alive.test.ts"],
    lab: ["connectionless"],
  },
  {
    name: "S2",
    text: "That is expensive: every request pays for setting up a connection.",
    rows: [57],
    code: ["src/pool/pool.ts"],
    tests: ["test/load/reuse.test.ts"],
    lab: ["connectionless"],
  },
  {
    name: "S3",
    text: "Keep-Alive uses an open connection again.",
    rows: [57, 58],
    code: ["src/connection/persistence.ts", "src/pool/pool.ts"],
    tests: ["test/load/reuse.test.ts", "test/interop/benchmark-tools.test.ts"],
    lab: ["keep-alive"],
  },
  {
    name: "S4",
    text: "Within the timeout the next request travels on the same socket.",
    rows: [57, 75],
    code: ["src/gateway/downstream.ts", "src/pool/reuse.ts"],
    tests: ["test/conformance/cases/persistence.ts", "test/load/http10-keep-alive.test.ts"],
    lab: ["keep-alive"],
  },
  {
    name: "S5",
    text: "Client and server agree with `Connection: keep-alive`; no answer is no agreement.",
    rows: [58, 98, 100],
    code: ["src/connection/persistence.ts", "src/gateway/downstream.ts"],
    tests: ["test/conformance/cases/http10.ts"],
    lab: ["keep-alive", "no-agreement"],
  },
  {
    name: "S6",
    text: "`Keep-Alive: timeout, max` are the terms: so long idle, so many requests.",
    rows: [58, 75, 100],
    code: ["src/connection/keep-alive-terms.ts", "src/pool/pooled-connection.ts"],
    tests: ["test/conformance/cases/persistence.ts", "test/load/http10-keep-alive.test.ts"],
    lab: ["keep-alive"],
  },
  {
    name: "S7",
    text: "A timeout is needed because those who idle keep others out.",
    rows: [75, 77],
    code: ["src/connection/deadlines.ts", "src/gateway/client-table.ts"],
    tests: ["test/conformance/cases/timeouts.ts"],
    lab: ["full-house"],
  },
  {
    name: "S8",
    text: "With many users those who idle give way to those who come.",
    rows: [77],
    code: ["src/gateway/client-table.ts"],
    tests: ["test/load/pressure.test.ts", "test/faults/descriptors.test.ts"],
    lab: ["full-house"],
  },
  {
    name: "S9",
    text: "`Connection` and what it nominates concern one hop and are removed before a message goes on.",
    rows: [45, 46],
    code: ["src/wire/fields.ts", "src/http1/request-writing.ts", "src/http1/response-writing.ts"],
    tests: ["test/conformance/cases/hop-by-hop.ts", "test/peers/cases/requests.ts"],
    lab: ["dumb-proxy", "proxy-connection"],
  },
  {
    name: "S10",
    text: "An origin must not take a client's keep-alive for the proxy's.",
    rows: [62, 98],
    code: ["src/http1/request-writing.ts"],
    tests: ["test/conformance/cases/http10.ts", "test/conformance/cases/persistence.ts"],
    lab: ["dumb-proxy"],
  },
  {
    name: "S11",
    text: "A client must not take an origin's keep-alive for the proxy's.",
    rows: [46, 98, 100],
    code: ["src/http1/response-writing.ts"],
    tests: ["test/conformance/cases/hop-by-hop.ts", "test/load/http10-keep-alive.test.ts"],
    lab: ["dumb-proxy"],
  },
  {
    name: "S12",
    text: "Nobody waits for a close that never comes: the hang of the dumb proxy.",
    rows: [26, 58, 99],
    code: ["src/exchange/exchange.ts", "src/http1/hop-persistence.ts"],
    tests: ["test/load/http10-keep-alive.test.ts", "test/peers/cases/exchanges.ts"],
    lab: ["dumb-proxy", "proxy-connection"],
  },
  {
    name: "S13",
    text: "HTTP/1.1 persists by default, without keep-alive; close ends it.",
    rows: [57, 58, 66],
    code: ["src/connection/persistence.ts"],
    tests: ["test/conformance/cases/persistence.ts"],
    lab: ["persistent", "pipelining"],
  },
  {
    name: "S14",
    text: "Persisting is no promise for ever.",
    rows: [71, 76, 79],
    code: ["src/pool/lifetime.ts", "src/pool/reuse.ts"],
    tests: ["test/conformance/cases/retries.ts", "test/load/idle-races.test.ts"],
    lab: ["persistent"],
  },
  {
    name: "S15",
    text: "Either side may close at any time.",
    rows: [35, 71, 76],
    code: ["src/pool/pooled-connection.ts", "src/connection/reasons.ts"],
    tests: ["test/faults/table.test.ts", "test/load/idle-races.test.ts"],
    lab: ["close-races"],
  },
  {
    name: "S16",
    text: "A close loses nothing that is in flight.",
    rows: [84, 85, 96],
    code: ["src/net/lingering.ts", "src/exchange/tunnel.ts", "src/cli/drain.ts"],
    tests: ["test/conformance/cases/tear-down.ts", "test/load/drain.test.ts"],
    lab: ["graceful-close"],
  },
];
