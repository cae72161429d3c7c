/**
 * A small HTTP/1 server whose manners are options: healthy as it stands, and sick in as many ways as there are options.
 *
 * It is written from the claims of the checks, in plain text operations, and shares no code with the proxy or the doctor but the socket
 * port. Deliberately absent: anything that no check asks for.
 */
import type { Clock, Socket } from "../../src/net/ports.ts";
import type { Octets } from "../../src/wire/octets.ts";

export interface Manners {
  readonly speaks: "HTTP/1.1" | "HTTP/1.0";
  /** How long an idle connection lives. */
  readonly idle_ms: number;
  /** `deaf`: it stays open, and nothing is answered any more. `words`: 408 comes before the FIN. */
  readonly idleEnd: "fin" | "rst" | "deaf" | "words";
  /** What Keep-Alive says; nothing: an empty string. */
  readonly terms: string;
  readonly requestsMax: number;
  readonly announcesLast: boolean;
  /** Behind this response of all it closes without a word, for once. */
  readonly lapsesAt: number;
  /** Behind these responses of a connection's it says close: those of the first that gets so far, of the second, and so on. */
  readonly partsBehind: readonly number[];
  /** For the first byte, and for the rest of a head. */
  readonly firstByte_ms: number;
  readonly head_ms: number;
  /** Each further line of a head gives it as much time again. */
  readonly headTimeIsPerLine: boolean;
  readonly afterResponse: "persists" | "says close" | "closes unannounced" | "hangs";
  /** Every so many responses one says close, whatever was asked. */
  readonly partsEvery: number;
  readonly onClose: "announces and closes" | "closes" | "stays open";
  readonly http10: "closes" | "stays open" | "has no length and stays open";
  readonly http10KeepAlive: "agrees" | "refuses" | "agrees and closes" | "refuses and stays open";
  /** Bytes behind a request that says close. */
  readonly behindClose: "ignored" | "cost the response" | "reset" | "served";
  readonly servesHalfClosed: boolean;
  readonly body:
    | "length"
    | "chunked"
    | "until close"
    | "longer than its length"
    | "shorter than its length"
    | "bare LF";
  /** `204 ...`: the page has no content, and says this of it. */
  readonly noContent: string | undefined;
  readonly head: "no body" | "body" | "no length";
  readonly notModified: "no body" | "body" | "no length";
  readonly pipelined: "in order" | "out of order" | "first only";
  readonly missingPage: "persists" | "closes unannounced";
  readonly needsHost: boolean;
  /** What is refused is answered, and reset behind the answer. */
  readonly resetsRefused: boolean;
  /** For a request whose head is whole and whose body is not. */
  readonly body_ms: number;
  readonly garbageCosts: "nothing" | "the responses before it";
  readonly expect: "answered" | "ignored";
  readonly unreadBody: "skipped" | "taken for a request";
  readonly largeUpload: "answered and read on" | "answered, then reset" | "answered and reset" | "read";
  readonly servesOneAtATime: boolean;
  /** Before anything that has come is looked at. */
  readonly thinks_ms: number;
  readonly connectionsMax: number;
  /** What it is lenient about, by the ids of the checks. `HW705`: CR ends a line; `HW705 as a space`: it does not. */
  readonly lenient: readonly string[];
}

export const healthy: Manners = {
  speaks: "HTTP/1.1",
  idle_ms: 75_000,
  idleEnd: "fin",
  terms: "timeout=70",
  requestsMax: 2_000,
  announcesLast: true,
  lapsesAt: Number.POSITIVE_INFINITY,
  partsBehind: [],
  firstByte_ms: 60_000,
  head_ms: 30_000,
  headTimeIsPerLine: false,
  afterResponse: "persists",
  partsEvery: Number.POSITIVE_INFINITY,
  onClose: "announces and closes",
  http10: "closes",
  http10KeepAlive: "agrees",
  behindClose: "ignored",
  servesHalfClosed: true,
  body: "length",
  noContent: undefined,
  head: "no body",
  notModified: "no body",
  pipelined: "in order",
  missingPage: "persists",
  needsHost: true,
  resetsRefused: false,
  body_ms: Number.POSITIVE_INFINITY,
  garbageCosts: "nothing",
  expect: "answered",
  unreadBody: "skipped",
  largeUpload: "answered and read on",
  servesOneAtATime: false,
  thinks_ms: 0,
  connectionsMax: 1_000,
  lenient: [],
};

const PAGE = "hello, doctor\n";
const ETAG = '"1"';
const BUSY_MS = 5;
const LARGE_BYTES = 1_048_576;

interface Request {
  readonly method: string;
  readonly path: string;
  readonly isOld: boolean;
  readonly head: string;
  readonly length: number;
  readonly isChunked: boolean;
}

export class Mannered {
  readonly manners: Manners;
  readonly clock: Clock;
  /** Connections that are open, in the order in which they came. */
  readonly open: Conversation[] = [];
  /** Responses so far. */
  served = 0;
  /** Connections that `partsBehind` ended. */
  parted = 0;

  constructor(clock: Clock, manners: Partial<Manners> = {}) {
    this.clock = clock;
    this.manners = { ...healthy, ...manners };
  }

  accept(socket: Socket): void {
    const conversation = new Conversation(this, socket);
    if (this.open.length >= this.manners.connectionsMax) {
      socket.reset();
      return;
    }
    this.open.push(conversation);
    conversation.begin();
  }

  gone(conversation: Conversation): void {
    const index = this.open.indexOf(conversation);
    if (index < 0) return;
    this.open.splice(index, 1);
    this.open[0]?.work();
  }
}

class Conversation {
  private readonly server: Mannered;
  private readonly manners: Manners;
  private readonly socket: Socket;
  private text = "";
  private served = 0;
  private isDeaf = false;
  private isOver = false;
  private hasEnded = false;
  private skip = 0;
  private whenSkipped: () => void = () => {};
  private stopTimer: () => void = () => {};

  constructor(server: Mannered, socket: Socket) {
    this.server = server;
    this.manners = server.manners;
    this.socket = socket;
  }

  begin(): void {
    const { thinks_ms } = this.manners;
    const later = (then: () => void) => (thinks_ms === 0 ? then() : this.server.clock.after(thinks_ms, then));
    this.socket.handler = {
      onData: (octets) => {
        const kept = Buffer.from(octets) as unknown as Octets;
        later(() => this.onData(kept));
      },
      onEnd: () => later(() => this.onEnd()),
      onDrain: () => {},
      onClose: () => this.over(),
    };
    this.arm(this.manners.firstByte_ms, () => this.close());
  }

  private onData(octets: Octets): void {
    if (this.isOver) return;
    const skipped = Math.min(this.skip, octets.length);
    this.skip -= skipped;
    if (skipped > 0 && this.skip === 0) this.whenSkipped();
    if (this.isDeaf) return;
    const before = this.text;
    this.text += octets.subarray(skipped).latin1Slice();
    const isNewHead = before === "" && this.text !== "";
    if (isNewHead || this.manners.headTimeIsPerLine)
      this.arm(this.manners.head_ms, () => this.closeWith("408 Request Timeout"));
    // One that does not serve who has closed has something else to do first.
    if (this.manners.servesHalfClosed) this.work();
    else this.server.clock.after(BUSY_MS, () => !this.isOver && this.work());
  }

  private onEnd(): void {
    this.hasEnded = true;
    if (!this.manners.servesHalfClosed) this.close();
    else if (this.text === "") this.close();
  }

  /** Serves what has come whole. */
  work(): void {
    if (this.manners.servesOneAtATime && this.server.open[0] !== this) return;
    const { pipelined, garbageCosts } = this.manners;
    const whole: Request[] = [];
    for (let request = this.take(); request !== undefined && !this.isOver; request = this.take()) {
      if (typeof request === "string") {
        if (garbageCosts === "nothing") this.serveAll(whole);
        if (!this.isOver) this.closeWith(request);
        return;
      }
      if (request.length > LARGE_BYTES) return this.serveLarge(request);
      whole.push(request);
      // What follows a close is not looked at.
      if (/^connection:.*close/im.test(request.head)) break;
    }
    if (pipelined === "out of order" && whole.length > 1) whole.reverse();
    this.serveAll(pipelined === "first only" ? whole.slice(0, 1) : whole);
    if (this.hasEnded && !this.isOver) this.close();
  }

  private serveAll(requests: readonly Request[]): void {
    for (const request of requests) if (!this.isOver && !this.isDeaf) this.serve(request);
  }

  /** The next request; it is not whole: undefined; it is refused: the status-line's end. */
  private take(): Request | string | undefined {
    const bareLf = this.allows("HW704") && /^[^\r]*\n\n/.test(this.text);
    const end = this.text.search(bareLf ? /\n\n/ : /\r\n\r\n/);
    if (/^[^\r]*\n/.test(this.text) && !bareLf) return "400 Bad Request";
    if (end < 0) return undefined;
    const received = this.text.slice(0, end);
    const head = this.allows("HW705 as a space") ? received.replace(/\r(?!\n)/g, " ") : received;
    const fault = this.faultOf(head);
    if (fault !== undefined) return fault;
    const [, method = "", path = "", minor = ""] = /^(\S+) (\S+) HTTP\/1\.([01])/.exec(head) ?? [];
    const isChunked = /^transfer-encoding:/im.test(head) && !/xchunked/.test(head);
    const length = isChunked ? 0 : Number(/^content-length *: *\+?(\d+)/im.exec(head)?.[1] ?? 0);
    const bodyStart = end + (bareLf ? 2 : 4);
    const request: Request = { method, path, isOld: minor === "0", head, length, isChunked };
    if (isChunked) {
      const last = /^0(?:x0)?\r\n\r\n/.exec(this.text.slice(bodyStart));
      if (last === null) return /^[0-9a-f]+\r\n/i.test(this.text.slice(bodyStart)) ? undefined : "400 Bad Request";
      if (last[0].startsWith("0x") && !this.allows("HW711")) return "400 Bad Request";
      this.text = this.text.slice(bodyStart + last[0].length);
      return request;
    }
    if (length > LARGE_BYTES) return request;
    const isTaken = this.manners.unreadBody === "taken for a request";
    const expects = /^expect:/im.test(head);
    if (!isTaken && this.text.length < bodyStart + length) {
      if (expects && this.manners.expect === "answered") {
        this.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        this.text = this.text.replace(/expect:[^\r]*\r\n/i, "");
      }
      if (Number.isFinite(this.manners.body_ms)) this.arm(this.manners.body_ms, () => this.giveBodyUp());
      return undefined;
    }
    this.text = this.text.slice(bodyStart + (isTaken ? 0 : length));
    return request;
  }

  private allows(id: string): boolean {
    return this.manners.lenient.includes(id);
  }

  /** Why a head is refused. */
  private faultOf(head: string): string | undefined {
    const bad = "400 Bad Request";
    const { isStrict } = { isStrict: (id: string) => !this.allows(id) };
    if (!/^[A-Z]+ \S+ HTTP\/1\.[01]\r?(\n|$)/.test(head)) return bad;
    const hosts = head.match(/^host:/gim)?.length ?? 0;
    if (this.manners.needsHost && hosts === 0 && / HTTP\/1\.1/.test(head)) return bad;
    if (hosts > 1 && isStrict("HW707")) return bad;
    const lengths = head.match(/^content-length *:/gim)?.length ?? 0;
    const hasChunks = /^transfer-encoding:/im.test(head);
    if (lengths > 0 && hasChunks && isStrict("HW701")) return bad;
    if (lengths > 1 && isStrict("HW702")) return bad;
    if (/\r\n[ \t]/.test(head) && isStrict("HW703")) return bad;
    if (/\r(?!\n)/.test(head) && isStrict("HW705")) return bad;
    if (/^[\w-]+ +:/m.test(head) && isStrict("HW706")) return bad;
    if (/xchunked/.test(head) && isStrict("HW708")) return "501 Not Implemented";
    if (hasChunks && / HTTP\/1\.0/.test(head) && isStrict("HW709")) return bad;
    if (/^content-length: *\+/im.test(head) && isStrict("HW710")) return bad;
    return undefined;
  }

  private serve(request: Request): void {
    const { manners } = this;
    this.served++;
    this.server.served++;
    const saysClose = /^connection:.*close/im.test(request.head);
    const wantsKeepAlive = /^connection:.*keep-alive/im.test(request.head);
    if (saysClose && this.text !== "") {
      if (manners.behindClose === "cost the response") return this.closeWith("400 Bad Request");
      if (manners.behindClose === "reset") return this.reset();
    }
    const isMissing = request.path !== "/";
    const isLast = this.served >= manners.requestsMax;
    const isOldEnd = request.isOld && (manners.http10KeepAlive.startsWith("refuses") || !wantsKeepAlive);
    const speaksOld = manners.speaks === "HTTP/1.0";
    const isParted =
      this.server.served % manners.partsEvery === 0 || this.served === manners.partsBehind[this.server.parted];
    if (this.served === manners.partsBehind[this.server.parted]) this.server.parted++;
    const ends =
      isParted ||
      speaksOld ||
      saysClose ||
      isLast ||
      isOldEnd ||
      manners.afterResponse === "says close" ||
      manners.body === "until close";
    const fields: string[] = [];
    if (speaksOld) {
      // The version says it.
    } else if (
      isParted ||
      manners.afterResponse === "says close" ||
      (saysClose && manners.onClose === "announces and closes") ||
      (isLast && manners.announcesLast)
    )
      fields.push("Connection: close");
    else if (request.isOld && wantsKeepAlive && manners.http10KeepAlive.startsWith("agrees"))
      fields.push("Connection: keep-alive");
    if (manners.terms !== "" && !ends) fields.push(`Keep-Alive: ${manners.terms}`);
    const isUnchanged = request.head.includes(`If-None-Match: ${ETAG}`);
    this.write(request, isUnchanged ? 304 : isMissing && request.method !== "POST" ? 404 : 200, fields);
    const staysOpen =
      (saysClose && manners.onClose === "stays open") ||
      (request.isOld && !wantsKeepAlive && manners.http10 !== "closes") ||
      (request.isOld && wantsKeepAlive && manners.http10KeepAlive === "refuses and stays open");
    const closesUnannounced =
      manners.afterResponse === "closes unannounced" ||
      this.server.served === manners.lapsesAt ||
      (isMissing && manners.missingPage === "closes unannounced") ||
      (request.isOld && wantsKeepAlive && manners.http10KeepAlive === "agrees and closes") ||
      this.isShort;
    if (saysClose && manners.behindClose === "served" && this.text !== "") return this.work();
    if ((ends && !staysOpen) || closesUnannounced) return this.close();
    if (manners.afterResponse === "hangs") this.isDeaf = true;
    this.arm(manners.idle_ms, () => this.endIdle());
  }

  private get isShort(): boolean {
    return this.manners.body === "shorter than its length" && this.server.served > 1;
  }

  private write({ method, isOld, head }: Request, status: number, fields: readonly string[]): void {
    const { manners } = this;
    const hasBody =
      status !== 304 &&
      !(status === 200 && manners.noContent !== undefined) &&
      (method !== "HEAD" || manners.head === "body");
    const sendsBody = hasBody || (status === 304 && manners.notModified === "body");
    const shown = status === 200 && manners.noContent !== undefined ? 204 : status;
    const lines = [`${manners.speaks} ${shown} ${status === 200 ? "OK" : "Otherwise"}`, `ETag: ${ETAG}`, ...fields];
    let body = PAGE;
    const lacksLength = isOld && manners.http10 === "has no length and stays open" && !/keep-alive/i.test(head);
    if (manners.body === "chunked" && !isOld) {
      lines.push("Transfer-Encoding: chunked");
      body = `${PAGE.length.toString(16)}\r\n${PAGE}\r\n0\r\n\r\n`;
    } else if (manners.body === "longer than its length") lines.push(`Content-Length: ${PAGE.length - 3}`);
    else if (status === 200 && manners.noContent !== undefined)
      lines.push(...(manners.noContent === "" ? [] : [manners.noContent]));
    else if (
      (status === 304 && manners.notModified === "no length") ||
      (method === "HEAD" && manners.head === "no length")
    )
      lines.push("Content-Length: 0");
    else if (this.isShort) lines.push(`Content-Length: ${PAGE.length + 3}`);
    else if (manners.body !== "until close" && !lacksLength) lines.push(`Content-Length: ${PAGE.length}`);
    const eol = manners.body === "bare LF" ? "\n" : "\r\n";
    this.socket.write(`${lines.join(eol)}${eol}${eol}${sendsBody ? body : ""}`);
  }

  private serveLarge({ length, head }: Request): void {
    const received = this.text.length - head.length - 4;
    this.skip = length - received;
    this.text = "";
    switch (this.manners.largeUpload) {
      case "answered and read on":
        this.socket.write("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return this.arm(2_000, () => this.close());
      case "answered, then reset":
        this.socket.write("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return this.arm(50, () => this.reset());
      case "answered and reset":
        return this.reset();
      case "read":
        this.whenSkipped = () => this.closeWith("200 OK");
        return;
    }
  }

  private giveBodyUp(): void {
    if (this.allows("a body that is late")) this.closeWith("408 Request Timeout");
    else this.close();
  }

  private endIdle(): void {
    switch (this.manners.idleEnd) {
      case "fin":
        return this.close();
      case "rst":
        return this.reset();
      case "deaf":
        this.isDeaf = true;
        return;
      case "words":
        return this.closeWith("408 Request Timeout");
    }
  }

  private closeWith(status: string): void {
    this.socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    if (this.manners.resetsRefused) this.arm(BUSY_MS, () => this.reset());
    else this.close();
  }

  private close(): void {
    this.over();
    this.socket.end();
  }

  private reset(): void {
    this.over();
    this.socket.reset();
  }

  private over(): void {
    this.isOver = true;
    this.stopTimer();
    this.server.gone(this);
  }

  private arm(delay_ms: number, then: () => void): void {
    this.stopTimer();
    this.stopTimer = Number.isFinite(delay_ms) ? this.server.clock.after(delay_ms, then) : () => {};
  }
}
