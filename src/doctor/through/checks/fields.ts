/** What of a message must not pass: fields of one hop on the other, and what strangers write about where they come from. */
import { exchange, type ThroughCheck, type ThroughResult, unclear, whatIsMissing } from "../check.ts";
import { fieldOf, hasOption, type Message } from "../message-log.ts";
import type { Peer } from "../peer.ts";
import { answer, type Stage } from "../stage.ts";

const NOMINATED = "x-hopwise-this-hop";
const nominating = (...others: string[]) => [
  `Connection: ${[NOMINATED, ...others].join(", ")}`,
  `${NOMINATED}: secret-of-one-hop`,
];

/** Names of what leaked, the nominated field first. */
function leaksIn(fields: Message["fields"], suspects: readonly string[]): string[] {
  return suspects.filter((name) => fields.some(([own]) => own === name));
}

function judgeLeaks(leaks: readonly string[], what: string, seen: ThroughResult["seen"]): ThroughResult {
  const isNominated = leaks.includes(NOMINATED);
  const values = { leaks: leaks.join(", ") };
  if (leaks.length === 0)
    return { verdict: "pass", measured: `${what} went on without the fields of its hop`, values, seen };
  const shown = leaks.map((name) => (name === NOMINATED ? `${name} (named in Connection)` : name));
  return {
    verdict: isNominated ? "fail" : "advice",
    measured: `${what} went on with ${shown.join(", ")}`,
    values,
    seen,
  };
}

const UPGRADE = "hopwise-doctor/1";

/**
 * An upgrade that a client asks for is the proxy's to pass on, on a hop of its own, or to leave out; without its option in `Connection` it
 * is neither. It is asked for apart, since some proxies take such a request for something else altogether.
 */
async function upgradeLeaks(stage: Stage): Promise<readonly Peer[] | undefined> {
  const client = await stage.client();
  const { arrival } = await exchange(stage, client, answer("ok"), {
    fields: ["Connection: upgrade", `Upgrade: ${UPGRADE}`],
  });
  if (arrival === undefined) return undefined;
  const isLeak = fieldOf(arrival.request, "upgrade") !== undefined && !hasOption(arrival.request, "upgrade");
  return isLeak ? [client, arrival.origin] : undefined;
}

export const hopFieldsOfRequests: ThroughCheck = {
  id: "HW901",
  claim: "Fields that concern the client's connection alone do not reach the origin.",
  reference: "RFC 9110 section 7.6.1",
  consequence:
    "The origin takes what the client said about its own connection for what the proxy says about the other one.",
  async run(stage) {
    const client = await stage.client();
    const fields = [
      ...nominating("keep-alive", "te"),
      "Keep-Alive: timeout=77",
      "Proxy-Connection: keep-alive",
      "TE: trailers",
    ];
    const done = await exchange(stage, client, answer("ok"), { fields });
    if (done.arrival === undefined) return unclear(whatIsMissing(done, client) ?? "", client);
    const { origin, request } = done.arrival;
    const leaks = leaksIn(request.fields, [NOMINATED, "keep-alive", "proxy-connection"]);
    // A proxy that understands trailers may ask for them itself; then it has to say so on its own hop.
    if (fieldOf(request, "te") !== undefined && !hasOption(request, "te")) leaks.push("te");
    const upgrade = await upgradeLeaks(stage);
    if (upgrade !== undefined) leaks.push("upgrade");
    return judgeLeaks(leaks, "the request", [client, origin, ...(upgrade ?? [])]);
  },
};

export const hopFieldsOfResponses: ThroughCheck = {
  id: "HW902",
  claim: "Fields that concern the origin's connection alone do not reach the client.",
  reference: "RFC 9110 section 7.6.1",
  consequence:
    "The client believes what the origin said about another connection: it reuses one that is closed, or closes one that is not.",
  async run(stage) {
    const client = await stage.client();
    const reply = answer("ok", [
      ...nominating("keep-alive", "upgrade"),
      "Keep-Alive: timeout=77, max=7",
      // As Apache says of itself with mod_http2; a client that believes it of the proxy speaks the wrong protocol.
      `Upgrade: ${UPGRADE}`,
      "Proxy-Connection: keep-alive",
    ]);
    const done = await exchange(stage, client, reply);
    if (done.response === undefined || done.arrival === undefined)
      return unclear(whatIsMissing(done, client) ?? "", client);
    const leaks = leaksIn(done.response.fields, [NOMINATED, "proxy-connection"]);
    // Terms of its own are the proxy's right.
    if (/timeout=77|max=7\b/.test(fieldOf(done.response, "keep-alive") ?? "")) leaks.push("keep-alive");
    if (fieldOf(done.response, "upgrade")?.includes(UPGRADE)) leaks.push("upgrade");
    return judgeLeaks(leaks, "the response", [client, done.arrival.origin]);
  },
};

export const hopFieldsOfInterims: ThroughCheck = {
  id: "HW903",
  claim: "Interim responses go on, without the fields of their hop.",
  reference: "RFC 9110 section 15.2",
  consequence: "Early hints of the origin do not reach clients, or bring fields that are none of their business.",
  async run(stage) {
    const client = await stage.client();
    const early = ["HTTP/1.1 103 Early Hints", "Link: </style.css>; rel=preload", ...nominating(), "", ""].join("\r\n");
    const done = await exchange(stage, client, `${early}${answer("ok")}`);
    if (done.response === undefined || done.arrival === undefined) {
      const why = whatIsMissing(done, client) ?? "";
      if (done.arrival === undefined) return unclear(why, client);
      return {
        verdict: "fail",
        measured: `an interim response costs the final one: ${why}`,
        seen: [client, done.arrival.origin],
      };
    }
    const seen = [client, done.arrival.origin];
    if (done.response.status !== 200 || done.response.body !== "ok") {
      return {
        verdict: "fail",
        measured: `behind 103 the client got ${done.response.status} instead of the final response`,
        seen,
      };
    }
    const interim = client.log.interims.find(({ status }) => status === 103);
    if (interim === undefined) return { verdict: "info", measured: "103 Early Hints is not passed on", seen };
    return judgeLeaks(leaksIn(interim.fields, [NOMINATED]), "103 Early Hints", seen);
  },
};

export const hopFieldsOfTrailers: ThroughCheck = {
  id: "HW904",
  claim: "Trailers bring no fields of the origin's hop, and nothing that frames a message.",
  reference: "RFC 9110 section 6.5.1",
  consequence:
    "A field at the end of a body changes what the head has said, behind the back of everyone who looked at the head.",
  async run(stage) {
    const client = await stage.client();
    const head = [
      "HTTP/1.1 200 OK",
      "Transfer-Encoding: chunked",
      `Connection: ${NOMINATED}`,
      "Trailer: X-Checksum",
      "",
      "",
    ].join("\r\n");
    const trailers = [
      "X-Checksum: abc",
      `${NOMINATED}: secret-of-one-hop`,
      "Keep-Alive: timeout=77",
      "Content-Length: 3",
    ];
    const reply = `${head}2\r\nok\r\n0\r\n${trailers.join("\r\n")}\r\n\r\n`;
    const done = await exchange(stage, client, reply, { fields: ["TE: trailers", "Connection: TE"] });
    if (done.arrival === undefined) return unclear(whatIsMissing(done, client) ?? "", client);
    const seen = [client, done.arrival.origin];
    if (done.response === undefined)
      return { verdict: "info", measured: `the proxy refuses it: ${whatIsMissing(done, client)}`, seen };
    const leaks = leaksIn(done.response.trailers, [NOMINATED, "keep-alive", "content-length"]);
    if (leaks.length > 0) return { ...judgeLeaks(leaks, "the trailer section", seen), verdict: "fail" };
    const arrived = leaksIn(done.response.trailers, ["x-checksum"]).length > 0;
    return {
      verdict: "pass",
      measured: arrived ? "X-Checksum went on, the others did not" : "no trailer went on",
      values: { passes_trailers: arrived },
      seen,
    };
  },
};

/** From a documentation range, so nobody has it (RFC 5737). */
const STRANGER = "203.0.113.77";
const forwarding = [
  ["x-forwarded-for", STRANGER],
  ["forwarded", `for=${STRANGER}`],
  ["x-real-ip", STRANGER],
  ["x-client-ip", STRANGER],
  ["true-client-ip", STRANGER],
  ["x-forwarded-host", "stranger.invalid"],
  ["x-forwarded-proto", "gopher"],
] as const;

export const strangersForwardingFields: ThroughCheck = {
  id: "HW923",
  claim: "What a stranger says about where it comes from is not passed on as if the proxy had said it.",
  reference: "RFC 7239 section 8.1",
  consequence: "Applications that believe these fields can be told any address, host or scheme by anybody.",
  async run(stage) {
    const client = await stage.client();
    const done = await exchange(stage, client, answer("ok"), {
      fields: forwarding.map(([name, value]) => `${name}: ${value}`),
    });
    if (done.arrival === undefined) return unclear(whatIsMissing(done, client) ?? "", client);
    const { origin, request } = done.arrival;
    const of = (name: string) => fieldOf(request, name) ?? "";
    const alone = forwarding.filter(([name, value]) => of(name) === value).map(([name]) => name);
    const before = forwarding
      .filter(([name, value]) => of(name) !== value && of(name).includes(value))
      .map(([name]) => name);
    const values = { passed_on: alone.join(", "), added_to: before.join(", ") };
    const seen = [client, origin];
    if (alone.length > 0)
      return {
        verdict: "advice",
        measured: `${alone.join(", ")} went on as the client wrote ${alone.length > 1 ? "them" : "it"}`,
        values,
        seen,
      };
    if (before.length > 0) {
      return {
        verdict: "info",
        measured: `${before.join(", ")}: the proxy adds its own entry behind the client's; applications must count from the end`,
        values,
        seen,
      };
    }
    return { verdict: "pass", measured: "all were removed or replaced", values, seen };
  },
};

export const redirectsThatLeave: ThroughCheck = {
  id: "HW924",
  claim: "A redirect to the origin's own address leads back through the proxy.",
  consequence:
    "A client is sent to an address behind the proxy, which it cannot reach, or past everything the proxy is there for.",
  async run(stage) {
    const client = await stage.client();
    const location = `${stage.originUrl}/elsewhere`;
    const done = await exchange(stage, client, answer("", [`Location: ${location}`], "302 Found"));
    if (done.response === undefined || done.arrival === undefined)
      return unclear(whatIsMissing(done, client) ?? "", client);
    const seen = [client, done.arrival.origin];
    const told = fieldOf(done.response, "location") ?? "";
    if (stage.settings.isForward)
      return { verdict: "info", measured: "a forward proxy passes redirects on as they are", seen };
    if (told !== location)
      return { verdict: "pass", measured: `Location became ${told === "" ? "nothing" : told}`, seen };
    return { verdict: "advice", measured: `Location: ${location} went on to the client`, seen };
  },
};
