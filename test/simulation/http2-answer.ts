/**
 * Judges what comes on one stream of HTTP/2, by the judge of all responses: a field list as the head that it would be in HTTP/1.1.
 *
 * Deliberately absent: the connection (http2-client.ts).
 */
import { fail } from "./failure.ts";
import type { RequestRecord } from "./record.ts";
import { type JudgeOwner, ResponseJudge } from "./response-judge.ts";
import type { Scene } from "./scene.ts";
import type { ReadHead } from "./strict-reader.ts";

const FORBIDDEN = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/** With a tunnel. The second is what the reader here adds, where no length is said. */
const TUNNEL_FIELDS = new Set(["x-request-id", "transfer-encoding", "via", "date"]);

export interface StreamEnd {
  /** Its last frame said that it is complete. */
  readonly isWhole: boolean;
  /** Nothing has been done about it: the client may ask again. */
  readonly wasRefused: boolean;
  /** Of its body, as they came. The runtime drops what is not read yet when its connection ends. */
  readonly bodyBytes: number;
  readonly code: number;
}

export class Http2Answer implements JudgeOwner {
  readonly name: string;
  readonly due: RequestRecord;
  readonly hasSentEvil = false;
  readonly hasBeenAnswered = true;
  /** A whole response has come, and was judged as one. */
  isWhole = false;
  /** A tunnel was asked for, and stands: what follows is no response. */
  isTunnel = false;
  private readonly scene: Scene;
  private readonly judge: ResponseJudge;
  private hasHead = false;
  private trailing: ReadHead["fields"] = [];
  private length: number | undefined;
  private bodyBytes = 0;

  constructor(scene: Scene, name: string, record: RequestRecord) {
    this.scene = scene;
    this.name = `${name} (${record.id})`;
    this.due = record;
    this.judge = new ResponseJudge(scene, this);
  }

  interim(raw: readonly string[]): void {
    this.judge.onHead(this.headOf(raw));
    this.judge.onMessageEnd([]);
  }

  head(raw: readonly string[]): void {
    if (this.hasHead) fail("well-formed-response", `${this.name} gets a second response`);
    this.hasHead = true;
    if (this.due.tunnel !== undefined && raw[raw.indexOf(":status") + 1] === "200") return this.onAgreed(raw);
    const framing = this.judge.onHead(this.headOf(raw));
    if (framing.kind === "length") this.length = framing.length;
  }

  /** Only what an origin has agreed to; and nothing is said of a body, or of how HTTP/1 agrees. */
  private onAgreed(raw: readonly string[]): void {
    const { tunnel, id } = this.due;
    const isPlain = tunnel?.plan.protocol === undefined;
    const { fields } = this.headOf(raw);
    const asked = fields.filter(([name]) => name === "x-request-id").map(([, value]) => value);
    if (asked.join() !== (isPlain ? "" : id) || (!isPlain && tunnel?.hasOrigin !== true))
      fail("response-belongs-to-request", `${this.name} is told that a tunnel stands, of ${asked.join(" and ")}`);
    const others = fields.filter(([name]) => !TUNNEL_FIELDS.has(name));
    if (others.length > 0) fail("hop-by-hop", `${this.name} gets with a tunnel ${JSON.stringify(others)}`);
    this.isTunnel = true;
  }

  private headOf(raw: readonly string[]): ReadHead {
    const fields: [string, string][] = [];
    let status = "";
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at] as string;
      const value = raw[at + 1] as string;
      if (name !== name.toLowerCase() || FORBIDDEN.has(name))
        fail("well-formed-response", `${this.name} gets the field ${name}`);
      if (name === ":status") status += value;
      else fields.push([name, value]);
    }
    // END_STREAM ends a body as the last chunk does.
    const hasLength = fields.some(([name]) => name === "content-length");
    if (!hasLength && !/^(?:1..|204|304)$/.test(status)) fields.push(["transfer-encoding", "chunked"]);
    return { startLine: `HTTP/1.1 ${status} `, fields };
  }

  body(piece: string): void {
    this.bodyBytes += piece.length;
    this.judge.onBody(piece);
  }

  trailers(raw: readonly string[]): void {
    this.trailing = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""] as const] : []));
  }

  close({ isWhole, wasRefused, code, bodyBytes }: StreamEnd): void {
    const { due: record, scene } = this;
    if (this.isTunnel) return this.closeTunnel(code);
    const hasAll = this.hasHead && isWhole;
    if (hasAll && bodyBytes !== (this.length ?? bodyBytes))
      fail("truncation-is-visible", `${this.name} looks complete with ${bodyBytes} of ${this.length}`);
    if (hasAll && bodyBytes === this.bodyBytes) this.judge.onMessageEnd(this.trailing);
    if (!this.isWhole) record.outcome ??= this.hasHead ? "truncated" : "unanswered";
    scene.timeline.note(this.name, `==== ${record.outcome} (${code}${wasRefused ? ", refused" : ""})`);
    if (wasRefused && record.arrivals.length > 0)
      fail("left-drains", `${record.id} is refused as if nothing had been done, and has reached an origin`);
    if (record.mustSucceed && record.outcome !== "answered") fail("liveness", `${record.id}: ${record.outcome}`);
  }

  private closeTunnel(code: number): void {
    const { due: record, scene } = this;
    record.tunnel?.judgeClient();
    const isWhole = record.tunnel?.clientHasEnded === true && record.tunnel.clientHasHeardEnd;
    record.outcome = isWhole ? "answered" : "truncated";
    scene.timeline.note(this.name, `==== tunnel ${record.outcome} (${code})`);
    if (record.mustSucceed && !isWhole) fail("liveness", `tunnel ${record.id}: ${record.outcome}`);
  }

  onInterim(): void {}

  onSwitch(): void {
    fail("well-formed-response", `${this.name} gets a 101`);
  }

  onAnswer(): void {
    this.isWhole = true;
  }
}
