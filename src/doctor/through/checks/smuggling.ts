/**
 * Ambiguous requests: what two neighbours could understand differently must not reach the origin as it is.
 *
 * Each has a second request inside its body, or behind what somebody may take for its end. The origin is read strictly, so what it
 * refuses to read is what the proxy should have refused. Deliberately absent: harm; the second request asks for a page of the doctor's.
 */
import { caps, type ThroughCheck, unclear } from "../check.ts";
import type { Peer } from "../peer.ts";
import type { Stage } from "../stage.ts";

interface Trick {
  readonly name: string;
  /** Field lines and body. @param inner a whole request */
  write(inner: string): { readonly fields: readonly string[]; readonly body: string };
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

const tricks: readonly Trick[] = [
  {
    name: "Content-Length and Transfer-Encoding",
    write: (inner) => ({
      fields: [`Content-Length: ${`0\r\n\r\n${inner}`.length}`, "Transfer-Encoding: chunked"],
      body: `0\r\n\r\n${inner}`,
    }),
  },
  {
    name: "Transfer-Encoding and Content-Length",
    write: (inner) => ({
      fields: ["Transfer-Encoding: chunked", "Content-Length: 4"],
      body: `${chunk(inner)}0\r\n\r\n`,
    }),
  },
  {
    name: "two different Content-Lengths",
    write: (inner) => ({ fields: ["Content-Length: 0", `Content-Length: ${inner.length}`], body: inner }),
  },
  {
    name: "a coding that only looks like chunked",
    write: (inner) => ({ fields: ["Transfer-Encoding: xchunked", `Content-Length: ${inner.length}`], body: inner }),
  },
  {
    name: "a space before the colon",
    write: (inner) => ({ fields: [`Content-Length : ${inner.length}`], body: inner }),
  },
  {
    name: "a bare CR in a field",
    write: (inner) => ({ fields: [`X-Cr: a\rContent-Length: ${inner.length}`, "Content-Length: 0"], body: inner }),
  },
  {
    name: "a chunk size beyond all numbers",
    write: (inner) => ({ fields: ["Transfer-Encoding: chunked"], body: `10000000000000000\r\n${inner}` }),
  },
  {
    name: "a signed Content-Length",
    write: (inner) => ({ fields: [`Content-Length: +${inner.length}`], body: inner }),
  },
];

interface Played {
  readonly client: Peer;
  readonly origins: readonly Peer[];
  /** What the origin could not read unambiguously. */
  readonly refusal: string | undefined;
  readonly status: number | undefined;
  readonly hasReached: boolean;
}

async function play(stage: Stage, trick: Trick): Promise<Played> {
  const client = await stage.client();
  const [mark, hidden] = [stage.mark(), stage.mark()];
  const { fields, body } = trick.write(stage.request(hidden));
  const before = new Map(stage.origins.map((origin) => [origin, origin.raw.length]));
  client.send(stage.request(mark, { method: "POST", fields }) + body, "POST");
  client.finish();
  const newTo = () => stage.origins.filter((origin) => origin.raw.slice(before.get(origin) ?? 0).includes(mark));
  const answered = new Set<unknown>();
  const isOver = () => {
    for (const { origin, request } of [...stage.arrivals(mark), ...stage.arrivals(hidden)]) {
      if (!request.isComplete || answered.has(request)) continue;
      answered.add(request);
      origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
    return newTo().some(({ log }) => log.refusal !== undefined) || client.ended !== undefined;
  };
  await stage.until(isOver, stage.pace.settle_ms);
  const origins = newTo();
  return {
    client,
    origins,
    refusal: origins.map(({ log }) => log.refusal).find((it) => it !== undefined),
    status: client.log.messages[0]?.status,
    hasReached: origins.length > 0,
  };
}

export const ambiguityEndsHere: ThroughCheck = {
  id: "HW930",
  claim: "A request that could be understood in two ways is refused, or written anew so that it cannot.",
  reference: "RFC 9112 section 11.2",
  consequence: "An attacker hides a request inside another one, and the origin answers it to somebody else.",
  needs: "intrusive",
  async run(stage) {
    const [refused, rewritten]: [string[], string[]] = [[], []];
    for (const trick of tricks) {
      const played = await play(stage, trick);
      const seen = [played.client, ...played.origins];
      if (played.refusal !== undefined) {
        return {
          verdict: "fail",
          measured: `${trick.name}: it went on as it was (${played.refusal})`,
          values: { trick: trick.name, refusal: played.refusal },
          cap: caps.smuggling,
          seen,
        };
      }
      if (!played.hasReached && played.status === undefined && played.client.ended === undefined)
        return unclear(`${trick.name}: neither an answer nor a close came`, ...seen);
      (played.hasReached ? rewritten : refused).push(trick.name);
      for (const origin of played.origins) origin.destroy();
      played.client.destroy();
    }
    const measured = `${refused.length} of ${tricks.length} were refused${rewritten.length === 0 ? "" : `; written anew: ${rewritten.join(", ")}`}`;
    return { verdict: "pass", measured, values: { refused: refused.length, rewritten: rewritten.length }, seen: [] };
  },
};
