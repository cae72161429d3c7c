/**
 * Judges a request as it arrives at an origin: one unambiguous HTTP/1.1 message that says just what its client meant.
 *
 * Every field that arrives must have a reason: the client's own end-to-end fields as they were, or what a proxy adds.
 */
import { expectsContent } from "../../src/wire/methods.ts";
import { fail } from "./failure.ts";
import type { RequestRecord } from "./record.ts";
import type { Scene } from "./scene.ts";
import { membersOf, type ReadFraming, type ReadHead, valuesOf } from "./strict-reader.ts";
import { TUNNEL_PROTOCOL } from "./tunnel-end.ts";

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\/[\x21-\x7e]*|\*) HTTP\/1\.1$/;

/** 16 bytes (RFC 6455 section 4.1). */
const WEB_SOCKET_KEY = /^[A-Za-z0-9+/]{22}==$/;

/** Fields that a forward proxy writes itself, lowercase. */
const ADDED_BY_PROXY: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "expect",
  "via",
  "connection",
  "te",
  "upgrade",
]);
/** A gateway tells who asked, too. */
const ADDED_BY_GATEWAY: ReadonlySet<string> = new Set([
  ...ADDED_BY_PROXY,
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
]);

export function readRequestHead(
  head: ReadHead,
  scene: Scene,
  where: string,
): { record: RequestRecord; framing: ReadFraming } {
  const parts = REQUEST_LINE.exec(head.startLine);
  if (parts === null) fail("unambiguous-request", `${where} gets a request-line "${head.startLine}"`);
  const [, method = "", path = ""] = parts;
  const id = /^\/r\/(?:.*\/)?(q[0-9]+)/.exec(path)?.[1] ?? /^\/r\/([a-z0-9]+)/.exec(path)?.[1];
  const record = id === undefined ? undefined : scene.records.get(id);
  if (record === undefined)
    fail("unambiguous-request", `${where} gets a request that no client sent: ${head.startLine}`);
  const { facts } = record;
  if (method !== facts.method || path !== facts.path) {
    fail("unambiguous-request", `${where} gets ${method} ${path} for ${facts.method} ${facts.path}`);
  }
  if (!record.isBegun) fail("unambiguous-request", `${where} gets ${record.id} before its client sent it`);
  checkHost(head, record, scene, where);
  checkHopFields(head, record, where);
  checkEndFields(head, record, scene, where);
  checkAdded(head, record, scene, where);
  return { record, framing: framingOf(head, record, where) };
}

function checkHost(head: ReadHead, record: RequestRecord, scene: Scene, where: string): void {
  const hosts = valuesOf(head.fields, "host");
  if (hosts.length !== 1 || hosts[0] !== record.facts.host) {
    fail("unambiguous-request", `${where} gets the hosts ${hosts.join(" and ")} for ${record.id}`);
  }
  // Connections of an origin are named after it.
  const number = /^origin(\d+)\.test/i.exec(record.facts.host)?.[1];
  if (scene.settings.forward !== undefined && !where.startsWith(`o${number}.`)) {
    fail("unambiguous-request", `${where} gets ${record.id}, which is for ${record.facts.host}`);
  }
}

function checkHopFields(head: ReadHead, record: RequestRecord, where: string): void {
  const options = membersOf(head.fields, "connection");
  const terms = membersOf(head.fields, "te");
  const { takesTrailers, wantsTunnel } = record.facts;
  const allowed = takesTrailers ? "te" : wantsTunnel ? "upgrade" : "";
  const upgrade = valuesOf(head.fields, "upgrade").join();
  const { protocol = TUNNEL_PROTOCOL } = record.facts;
  if (upgrade !== (wantsTunnel ? protocol : "")) fail("hop-by-hop", `${where} is told Upgrade: ${upgrade}`);
  if (options.join() !== allowed) fail("hop-by-hop", `${where} is told the connection options ${options.join()}`);
  if (terms.join() !== (allowed === "te" ? "trailers" : "")) fail("hop-by-hop", `${where} is told TE: ${terms.join()}`);
  const keys = valuesOf(head.fields, "sec-websocket-key");
  if (keys.length !== (protocol === "websocket" ? 1 : 0) || !keys.every((key) => WEB_SOCKET_KEY.test(key)))
    fail("unambiguous-request", `${where} gets for ${record.id} the keys ${keys.join(" and ")}`);
}

function checkEndFields(head: ReadHead, record: RequestRecord, scene: Scene, where: string): void {
  const added = scene.settings.forward === undefined ? ADDED_BY_GATEWAY : ADDED_BY_PROXY;
  const { endFields, protocol } = record.facts;
  const isAdded = (name: string) => added.has(name) || (protocol === "websocket" && name === "sec-websocket-key");
  const own = head.fields.filter(([name]) => !isAdded(name.toLowerCase()));
  const isSame =
    own.length === endFields.length &&
    own.every(([name, value], index) => name === endFields[index]?.[0] && value === endFields[index]?.[1]);
  if (!isSame) fail("hop-by-hop", `${where} gets for ${record.id} the fields ${JSON.stringify(own)}`);
}

function checkAdded(head: ReadHead, record: RequestRecord, scene: Scene, where: string): void {
  const { facts, clientAddress } = record;
  const version = facts.isHttp2 === true ? "2.0" : `1.${facts.minorVersion}`;
  const via: [string, string] = ["via", `${version} ${scene.settings.viaName}`];
  const whoAsked: [string, string][] = [
    ["x-forwarded-for", clientAddress],
    ["x-forwarded-proto", "http"],
    ["x-forwarded-host", facts.host],
  ];
  const expected = scene.settings.forward === undefined ? [via, ...whoAsked] : [via];
  for (const [name, value] of expected) {
    const values = valuesOf(head.fields, name);
    if (values.length !== 1 || values[0] !== value) {
      fail("hop-by-hop", `${where} gets ${name}: ${values.join(" and ")} for ${record.id}, not ${value}`);
    }
  }
  const expectations = valuesOf(head.fields, "expect");
  if (expectations.length > 0 && (expectations.join() !== "100-continue" || !facts.expectsContinue)) {
    fail("unambiguous-request", `${where} gets the expectation ${expectations.join()}`);
  }
}

function framingOf(head: ReadHead, record: RequestRecord, where: string): ReadFraming {
  const { facts } = record;
  const lengths = valuesOf(head.fields, "content-length");
  const codings = valuesOf(head.fields, "transfer-encoding");
  if (lengths.length + codings.length > 1)
    fail("unambiguous-request", `${where} gets ambiguous framing of ${record.id}`);
  const [length] = lengths;
  if (length !== undefined) {
    if (!/^(?:0|[1-9][0-9]*)$/.test(length)) fail("unambiguous-request", `${where} gets Content-Length: ${length}`);
    // What lies about its length must not look complete, whatever it says.
    if (Number(length) !== record.body.length && !(facts.isHttp2 && facts.mustNotComplete)) {
      fail("unambiguous-request", `${where} gets Content-Length: ${length} for ${record.body.length} octets`);
    }
    return { kind: "length", length: Number(length) };
  }
  if (codings.length > 0) {
    if (codings[0] !== "chunked") fail("unambiguous-request", `${where} gets the transfer coding ${codings[0]}`);
    if (record.facts.framing !== "chunked")
      fail("unambiguous-request", `${where} gets chunks of a ${record.facts.framing}`);
    return { kind: "chunked" };
  }
  // Of a body that turns out to be none there is nothing to frame, unless one is expected.
  const isNone = facts.framing === "none" || (record.body === "" && !expectsContent(facts.method));
  if (!isNone) fail("unambiguous-request", `${where} gets ${record.id} without its body`);
  return { kind: "none" };
}
