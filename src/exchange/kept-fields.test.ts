/** Which fields of a request a record keeps, and that it looks at none while nobody wants them. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { acceptedFacts } from "../connection/connection-record.ts";
import { Life } from "../connection/life.ts";
import type { FieldTable } from "../wire/fields.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { RequestHead } from "../wire/request-head.ts";
import { keptFields } from "./kept-fields.ts";
import { beginRecord } from "./record-notes.ts";

function fieldsOf(...lines: readonly string[]): FieldTable {
  const head = new RequestHead(defaultHeadLimits);
  head.read(octets(["GET / HTTP/1.1", "Host: a.test", ...lines, "", ""].join("\r\n")), 0);
  return head.fields;
}

const ID = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("what is kept", () => {
  it("is what logs and traces tell, and nothing else", () => {
    const lines = ["User-Agent: curl/8", "Referer: http://a.test/", "X-Request-ID: 1", `Traceparent: ${ID}`];
    const secrets = ["Cookie: a=b", "Authorization: Basic eA=="];
    expect(keptFields(fieldsOf(...lines, "TraceState: a=1", "tracestate: b=2", ...secrets))).toEqual({
      ...{ userAgent: "curl/8", referer: "http://a.test/", requestId: "1", traceparent: ID, tracestate: "a=1, b=2" },
    });
    expect(keptFields(fieldsOf(...secrets))).toBeUndefined();
  });

  it("is no tracestate without a traceparent, and of neither a part", () => {
    expect(keptFields(fieldsOf("tracestate: a=1"))).toBeUndefined();
    expect(keptFields(fieldsOf(`traceparent: ${ID}-${"x".repeat(600)}`))).toBeUndefined();
    expect(keptFields(fieldsOf(`traceparent: ${ID}`, `tracestate: a=${"x".repeat(5_000)}`))).toEqual({
      ...{ traceparent: ID, tracestate: undefined, userAgent: undefined, referer: undefined, requestId: undefined },
    });
  });

  it("is bounded", () => {
    const { userAgent } = keptFields(fieldsOf(`User-Agent: ${"x".repeat(50_000)}`)) ?? {};
    expect(userAgent).toMatch(/^x{4096}\.\.\.$/);
  });

  it("of a head that is not complete is nothing", () => {
    const head = new RequestHead(defaultHeadLimits);
    head.read(octets("GET / HTTP/1.1\r\nUser-Agent: curl\r\n"), 0);
    expect(keptFields(head.fields)).toBeUndefined();
  });
});

describe("a record", () => {
  const record = (wantsFields?: boolean) => {
    let looks = 0;
    const head = {
      ...{ methodSoFar: "GET", target: "/", minorVersion: 1 as const },
      get fields() {
        looks++;
        return fieldsOf("User-Agent: curl/8");
      },
    };
    const context = {
      ...{ clock: { now: () => 0 }, newExchangeId: () => 1 },
      observer: wantsFields === undefined ? {} : { wantsFields },
    } as unknown as Parameters<typeof beginRecord>[0];
    const { kept } = beginRecord(context, new Life(acceptedFacts(1, "", { remotePort: 1 }, 0)), head, "");
    return { kept: kept?.userAgent, looks };
  };

  it("has them where somebody wants them; otherwise nobody looks", () => {
    expect(record(true)).toEqual({ kept: "curl/8", looks: 1 });
    expect(record(false)).toEqual({ kept: undefined, looks: 0 });
    expect(record()).toEqual({ kept: undefined, looks: 0 });
  });
});
