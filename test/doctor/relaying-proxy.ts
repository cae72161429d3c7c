/**
 * A small reverse proxy whose habits are options: healthy as it stands, and sick in as many ways as there are options.
 *
 * It is written from the claims of the checks, in plain text operations, and shares no code with hopwise or the doctor but the socket
 * port. Deliberately absent: limits of any kind, and anything that no check asks for.
 */
import type { Address, Clock, Dialer, Socket, SocketHandler } from "../../src/net/ports.ts";

export interface Habits {
  /** Hop-by-hop fields are copied as they came: in requests, in responses, in interim ones, in trailers. */
  readonly copies: readonly ("requests" | "responses" | "interims" | "trailers")[];
  readonly interims: "passed on" | "dropped" | "taken for the response";
  readonly http10: "closes" | "stays open";
  /** `relays`: what the origin says about keep-alive is told to the client, whose next request is ignored. */
  readonly keepAlive: "own" | "refused" | "relays" | "refuses and stays open";
  readonly proxyConnection: "ignored" | "relays";
  readonly onClientsClose: "announces and closes" | "closes" | "stays open" | "tells the origin";
  readonly originsClose: "stays there" | "closes the client" | "loses the next request";
  readonly reuses: boolean;
  readonly retries: "idempotent" | "nothing" | "everything";
  readonly surplus: "gives the connection up" | "is the next response";
  /** `is seen late`: as by a process that the system lets wait. */
  readonly unsolicited: "gives the connection up" | "is the next response" | "is seen late";
  readonly truncation: "visible" | "completed" | "waits";
  readonly responses: "stream" | "held back";
  readonly requests: "stream" | "held back";
  readonly clientReset: "cancels" | "goes on";
  readonly clientFin: "cancels" | "serves" | "goes on";
  readonly chunksToOld: boolean;
  readonly earlyAnswer: "passed on" | "passed on, then reset" | "lost";
  readonly forwardingFields: "removed" | "passed on" | "appended";
  readonly location: "rewritten" | "passed on";
  readonly upgrade: "tunnel" | "ignored" | "deaf tunnel" | "waits";
  readonly lendsAuthenticated: boolean;
  readonly ambiguous: "refused" | "passed on";
  readonly drain: "graceful" | "silent" | "cuts" | "cuts idle clients' requests" | "serves on";
}

/** Longer than the next request takes. */
const LATE_MS = 200;

export const healthy: Habits = {
  copies: [],
  interims: "passed on",
  http10: "closes",
  keepAlive: "own",
  proxyConnection: "ignored",
  onClientsClose: "announces and closes",
  originsClose: "stays there",
  reuses: true,
  retries: "idempotent",
  surplus: "gives the connection up",
  unsolicited: "gives the connection up",
  truncation: "visible",
  responses: "stream",
  requests: "stream",
  clientReset: "cancels",
  clientFin: "serves",
  chunksToOld: false,
  earlyAnswer: "passed on",
  forwardingFields: "removed",
  location: "rewritten",
  upgrade: "tunnel",
  lendsAuthenticated: false,
  ambiguous: "refused",
  drain: "graceful",
};

type Field = readonly [name: string, value: string];

interface Head {
  readonly start: string;
  readonly fields: readonly Field[];
  /** Its length with the empty line. */
  readonly length: number;
}

const HOP = ["connection", "keep-alive", "proxy-connection", "te", "upgrade", "transfer-encoding", "trailer"];
const FORWARDING = /^(?:forwarded|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip)$/;

function headOf(text: string): Head | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [start = "", ...lines] = text.slice(0, end).split("\r\n");
  const fields = lines.map(
    (line): Field => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()],
  );
  return { start, fields, length: end + 4 };
}

const fieldIn = (fields: readonly Field[], name: string) => fields.find(([own]) => own === name)?.[1];
const optionsOf = (fields: readonly Field[], name = "connection") =>
  (fieldIn(fields, name) ?? "").split(",").map((option) => option.trim().toLowerCase());
const written = (start: string, fields: readonly Field[]) =>
  `${[start, ...fields.map(([name, value]) => `${name}: ${value}`)].join("\r\n")}\r\n\r\n`;

function withoutHopFields(fields: readonly Field[]): Field[] {
  const nominated = optionsOf(fields);
  return fields.filter(([name]) => !HOP.includes(name) && !nominated.includes(name));
}

/** How far a body is: fed with text, it tells pieces of content, and its end. */
class Body {
  private rest: number;
  private text = "";
  private isTrailer = false;
  trailers: Field[] = [];
  isOver: boolean;
  readonly kind: "length" | "chunked" | "close";

  constructor(kind: Body["kind"], length: number) {
    this.kind = kind;
    this.rest = length;
    this.isOver = kind === "length" && length === 0;
  }

  /** Returns what is behind its end; `onContent` gets what is in it. */
  read(text: string, onContent: (content: string) => void): string {
    if (this.kind === "close") {
      onContent(text);
      return "";
    }
    if (this.kind === "length") {
      const taken = text.slice(0, this.rest);
      this.rest -= taken.length;
      this.isOver = this.rest === 0;
      if (taken !== "") onContent(taken);
      return text.slice(taken.length);
    }
    this.text += text;
    while (!this.isOver) {
      if (this.isTrailer) {
        if (this.text.startsWith("\r\n")) {
          this.text = this.text.slice(2);
          this.isOver = true;
          break;
        }
        const head = headOf(`\r\n${this.text}`);
        if (head === undefined) return "";
        this.trailers = [...head.fields];
        this.text = this.text.slice(head.length - 2);
        this.isOver = true;
        break;
      }
      const line = this.text.indexOf("\r\n");
      if (line < 0) return "";
      const size = Number.parseInt(this.text, 16);
      if (size === 0) {
        this.text = this.text.slice(line + 2);
        this.isTrailer = true;
        continue;
      }
      if (this.text.length < line + 2 + size + 2) return "";
      onContent(this.text.slice(line + 2, line + 2 + size));
      this.text = this.text.slice(line + 4 + size);
    }
    return this.text;
  }
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** A connection to the origin. */
interface Upstream {
  readonly socket: Socket;
  /** What came and belongs to nothing yet. */
  left: string;
  isGone: boolean;
  hasServed: boolean;
}

export class RelayingProxy {
  readonly habits: Habits;
  readonly idle: Upstream[] = [];
  private readonly dialer: Dialer;
  private readonly clock: Clock | undefined;
  private readonly origin: () => Address & { kind: "tcp" };

  constructor(dialer: Dialer, origin: () => Address & { kind: "tcp" }, habits: Partial<Habits> = {}, clock?: Clock) {
    this.dialer = dialer;
    this.clock = clock;
    this.origin = origin;
    this.habits = { ...healthy, ...habits };
  }

  accept(client: Socket): void {
    this.clients.add(new Client(this, client));
  }

  isDraining = false;
  private readonly clients = new Set<Client>();

  /** It is told to end. */
  end(): void {
    this.isDraining = this.habits.drain !== "serves on";
    for (const client of this.clients) client.proxyEnds();
  }

  later(delay_ms: number, then: () => void): void {
    this.clock?.after(delay_ms, then);
  }

  get originUrl(): string {
    const { host, port } = this.origin();
    return `http://${host}:${port}`;
  }

  take(mayReuse: boolean, onReady: (upstream: Upstream) => void): void {
    const known = mayReuse ? this.idle.pop() : undefined;
    if (known !== undefined) return onReady(known);
    this.dialer.dial(this.origin(), {
      onConnected: (socket) => onReady({ socket, left: "", isGone: false, hasServed: false }),
      onFailed: () => {},
    });
  }

  giveBack(upstream: Upstream): void {
    const giveUp = () => {
      upstream.isGone = true;
      const index = this.idle.indexOf(upstream);
      if (index >= 0) this.idle.splice(index, 1);
      upstream.socket.destroy();
    };
    upstream.hasServed = true;
    if (!this.habits.reuses || (upstream.left !== "" && this.habits.surplus !== "is the next response"))
      return giveUp();
    upstream.socket.handler = {
      onData: (octets) => {
        if (this.habits.unsolicited === "gives the connection up") return giveUp();
        upstream.left += octets.latin1Slice();
        if (this.habits.unsolicited === "is seen late") this.clock?.after(LATE_MS, giveUp);
      },
      onEnd: giveUp,
      onDrain() {},
      onClose: giveUp,
    };
    this.idle.push(upstream);
  }
}

class Client implements SocketHandler {
  private readonly proxy: RelayingProxy;
  private readonly socket: Socket;
  private buffer = "";
  private current: Relay | undefined;
  private ignoresAll = false;
  /** Its own connection to the origin, once somebody has logged in on it. */
  own: Upstream | undefined;
  losesNext = false;

  constructor(proxy: RelayingProxy, socket: Socket) {
    this.proxy = proxy;
    this.socket = socket;
    socket.handler = this;
  }

  /** An idle client may ask once more. */
  proxyEnds(): void {
    if (this.proxy.habits.drain === "cuts") this.socket.destroy();
    if (this.proxy.habits.drain === "cuts idle clients' requests") this.losesNext = true;
  }

  onData(octets: { latin1Slice(): string }): void {
    this.buffer += octets.latin1Slice();
    this.goOn();
  }

  onEnd(): void {
    const { clientFin } = this.proxy.habits;
    if (clientFin === "cancels") {
      this.current?.cancel();
      this.socket.end();
    } else if (this.current === undefined && this.buffer === "") this.socket.end();
    else this.current?.isLast();
  }

  onDrain(): void {}

  onClose(): void {
    if (this.proxy.habits.clientReset === "cancels") this.current?.cancel();
  }

  private goOn(): void {
    if (this.ignoresAll) return;
    if (this.current !== undefined) {
      this.buffer = this.current.onClientText(this.buffer);
      return;
    }
    const head = headOf(this.buffer);
    if (head === undefined) return;
    if (this.losesNext) {
      this.socket.destroy();
      return;
    }
    const isRaw = this.proxy.habits.ambiguous === "passed on";
    if (!isRaw && isAmbiguous(this.buffer.slice(0, head.length), head)) {
      this.socket.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      this.socket.end();
      this.ignoresAll = true;
      return;
    }
    const raw = this.buffer.slice(0, head.length);
    this.buffer = this.buffer.slice(head.length);
    this.current = new Relay(this.proxy, this, this.socket, head, raw, (next) => {
      this.current = undefined;
      if (next === "close") this.socket.end();
      if (next === "cut") this.socket.destroy();
      if (next === "ignore" || next === "close") this.ignoresAll = true;
      else this.goOn();
    });
    this.buffer = this.current.onClientText(this.buffer);
  }
}

function isAmbiguous(raw: string, { fields }: Head): boolean {
  const lengths = fields.filter(([name]) => name.trim() === "content-length");
  const coding = fieldIn(fields, "transfer-encoding");
  if (fields.some(([name]) => /\s/.test(name)) || /\r(?!\n)/.test(raw)) return true;
  if (lengths.length > 1 || lengths.some(([, value]) => !/^\d+$/.test(value))) return true;
  return coding !== undefined && (lengths.length > 0 || coding !== "chunked");
}

type Next = "persist" | "close" | "cut" | "ignore";

/** One request and its response. */
class Relay {
  private readonly proxy: RelayingProxy;
  private readonly client: Client;
  private readonly socket: Socket;
  private readonly request: Head;
  private readonly done: (next: Next) => void;
  private readonly body: Body;
  private readonly isOld: boolean;
  /** All that was sent to the origin, for another attempt. */
  private sent = "";
  private upstream: Upstream | undefined;
  private isTunnel = false;
  private isCancelled = false;
  private held = "";
  private response:
    | { readonly head: Head; readonly body: Body; readonly isChunked: boolean; next: Next; content: string }
    | undefined;
  private isWhole = false;
  private closesBehind = false;

  constructor(
    proxy: RelayingProxy,
    client: Client,
    socket: Socket,
    request: Head,
    raw: string,
    done: (next: Next) => void,
  ) {
    this.proxy = proxy;
    this.client = client;
    this.socket = socket;
    this.request = request;
    this.done = done;
    this.isOld = request.start.endsWith("1.0");
    const isChunked = fieldIn(request.fields, "transfer-encoding") !== undefined;
    this.body = new Body(isChunked ? "chunked" : "length", Number(fieldIn(request.fields, "content-length") ?? 0) || 0);
    this.send(proxy.habits.ambiguous === "passed on" ? raw : this.requestText());
    this.find(true);
  }

  isLast(): void {
    this.closesBehind = true;
  }

  private get method(): string {
    return this.request.start.split(" ")[0] ?? "";
  }

  private get wantsUpgrade(): boolean {
    return this.proxy.habits.upgrade !== "ignored" && optionsOf(this.request.fields).includes("upgrade");
  }

  private requestText(): string {
    const { copies, forwardingFields, onClientsClose } = this.proxy.habits;
    const { fields, start } = this.request;
    const kept = (copies.includes("requests") ? [...fields] : withoutHopFields(fields)).flatMap(
      ([name, value]): Field[] => {
        if (!FORWARDING.test(name) || forwardingFields === "passed on") return [[name, value]];
        return forwardingFields === "appended" && name === "x-forwarded-for" ? [[name, `${value}, 192.0.2.1`]] : [];
      },
    );
    const framing: Field[] =
      this.body.kind === "chunked" && !copies.includes("requests") ? [["transfer-encoding", "chunked"]] : [];
    const upgrade: Field[] = this.wantsUpgrade
      ? [
          ["connection", "upgrade"],
          ["upgrade", fieldIn(fields, "upgrade") ?? ""],
        ]
      : [];
    const tells = onClientsClose === "tells the origin" && optionsOf(fields).includes("close");
    const close: Field[] = tells ? [["connection", "close"]] : [];
    return written(start.replace(/1\.0$/, "1.1"), [...kept, ...framing, ...upgrade, ...close]);
  }

  private find(mayReuse: boolean): void {
    const ready = (upstream: Upstream) => {
      if (this.isCancelled) return upstream.socket.destroy();
      this.upstream = upstream;
      upstream.socket.handler = {
        onData: (octets) => this.onOrigin(octets.latin1Slice()),
        onEnd: () => this.onOriginEnd(),
        onDrain() {},
        onClose: () => this.onOriginEnd(),
      };
      if (this.proxy.habits.requests === "stream" || this.body.isOver) upstream.socket.write(this.sent);
      const { left } = upstream;
      upstream.left = "";
      if (left !== "") this.onOrigin(left);
    };
    const { own } = this.client;
    if (own !== undefined && !own.isGone && mayReuse) ready(own);
    else this.proxy.take(mayReuse, ready);
  }

  private send(text: string): void {
    this.sent += text;
    if (this.upstream !== undefined && this.proxy.habits.requests === "stream") this.upstream.socket.write(text);
  }

  /** Returns what belongs to the next request. */
  onClientText(text: string): string {
    if (this.isTunnel) {
      if (this.proxy.habits.upgrade === "tunnel") this.upstream?.socket.write(text);
      return "";
    }
    if (this.proxy.habits.ambiguous === "passed on") {
      this.send(text);
      return "";
    }
    if (this.body.isOver) return text;
    const rest = this.body.read(text, (content) => this.send(this.body.kind === "chunked" ? chunk(content) : content));
    if (this.body.isOver) {
      if (this.body.kind === "chunked") this.send("0\r\n\r\n");
      if (this.proxy.habits.requests === "held back") this.upstream?.socket.write(this.sent);
    }
    return rest;
  }

  cancel(): void {
    this.isCancelled = true;
    this.upstream?.socket.destroy();
  }

  private onOrigin(text: string): void {
    if (this.isTunnel) {
      if (this.proxy.habits.upgrade === "tunnel") this.socket.write(text);
      return;
    }
    if (this.response !== undefined) return this.onBody(text);
    this.held += text;
    const head = headOf(this.held);
    if (head === undefined) return;
    const rest = this.held.slice(head.length);
    this.held = "";
    const status = Number(head.start.split(" ")[1]);
    if (status === 101) return this.onUpgrade(head, rest);
    if (status < 200 && this.proxy.habits.interims !== "taken for the response") {
      const fields = this.proxy.habits.copies.includes("interims") ? head.fields : withoutHopFields(head.fields);
      if (this.proxy.habits.interims === "passed on") this.socket.write(written(head.start, fields));
      if (rest !== "") this.onOrigin(rest);
      return;
    }
    if (status < 200) {
      // It waits for a body that never comes.
      this.isWhole = true;
      return void this.socket.write(written(head.start, withoutHopFields(head.fields)));
    }
    if (!this.body.isOver && this.proxy.habits.earlyAnswer === "lost") return this.done("cut");
    this.onFinal(head, rest);
  }

  private onUpgrade(head: Head, rest: string): void {
    if (this.proxy.habits.upgrade === "waits") return;
    this.isTunnel = true;
    this.socket.write(written(head.start, head.fields));
    if (rest !== "") this.onOrigin(rest);
  }

  private onFinal(head: Head, rest: string): void {
    const { habits } = this.proxy;
    const coding = fieldIn(head.fields, "transfer-encoding");
    const length = fieldIn(head.fields, "content-length");
    const body = new Body(
      coding !== undefined ? "chunked" : length !== undefined ? "length" : "close",
      Number(length ?? 0),
    );
    const [next, terms] = this.termsFor(head);
    const isChunked = body.kind === "chunked" && (!this.isOld || habits.chunksToOld);
    const closes = body.kind !== "length" && !isChunked;
    const kept = (habits.copies.includes("responses") ? head.fields : withoutHopFields(head.fields)).map(
      ([name, value]): Field => {
        const isOwn = name === "location" && habits.location === "rewritten";
        return [name, isOwn ? value.replace(this.proxy.originUrl, "http://proxy.test") : value];
      },
    );
    const framing: Field[] =
      isChunked && !habits.copies.includes("responses") ? [["transfer-encoding", "chunked"]] : [];
    this.response = {
      head,
      body,
      isChunked,
      next: closes ? "close" : next,
      content: written(head.start, [...kept, ...framing, ...terms]),
    };
    this.flush();
    if (body.isOver) this.finish(rest);
    else if (rest !== "") this.onBody(rest);
  }

  /** What becomes of the client's connection, and what it is told about that. */
  private termsFor({ fields }: Head): [Next, Field[]] {
    const { http10, keepAlive, proxyConnection, onClientsClose, originsClose } = this.proxy.habits;
    const asked = optionsOf(this.request.fields);
    if (optionsOf(fields).includes("close") && originsClose === "closes the client")
      return ["close", [["connection", "close"]]];
    if (optionsOf(fields).includes("close") && originsClose === "loses the next request") this.client.losesNext = true;
    if (this.proxy.isDraining) return ["close", this.proxy.habits.drain === "silent" ? [] : [["connection", "close"]]];
    if (asked.includes("close") || this.closesBehind) {
      if (onClientsClose === "stays open") return ["persist", []];
      return ["close", onClientsClose === "closes" ? [] : [["connection", "close"]]];
    }
    if (!this.isOld) return ["persist", []];
    const relayed: Field[] = optionsOf(fields).includes("keep-alive") ? [["connection", "keep-alive"]] : [];
    const isOlder = optionsOf(this.request.fields, "proxy-connection").includes("keep-alive");
    if (isOlder && proxyConnection === "relays") return ["ignore", relayed];
    if (!asked.includes("keep-alive"))
      return http10 === "closes" ? ["close", [["connection", "close"]]] : ["ignore", []];
    if (keepAlive === "relays") return ["ignore", relayed];
    if (keepAlive === "refused") return ["close", [["connection", "close"]]];
    return keepAlive === "own" ? ["persist", [["connection", "keep-alive"]]] : ["ignore", []];
  }

  private onBody(text: string): void {
    const { response } = this;
    if (response === undefined || this.isWhole) return;
    const rest = response.body.read(text, (content) => {
      response.content += response.isChunked ? chunk(content) : content;
    });
    if (response.body.isOver) this.finish(rest);
    else this.flush();
  }

  private flush(): void {
    if (this.response === undefined || this.proxy.habits.responses === "held back") return;
    this.socket.write(this.response.content);
    this.response.content = "";
  }

  private finish(rest: string): void {
    const { response, upstream } = this;
    if (response === undefined || this.isWhole) return;
    this.isWhole = true;
    if (response.isChunked) {
      const { trailers } = response.body;
      const kept = this.proxy.habits.copies.includes("trailers")
        ? trailers
        : trailers.filter(([name]) => name === "x-checksum");
      response.content += `0\r\n${kept.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
    }
    this.socket.write(response.content);
    if (upstream !== undefined) {
      upstream.left = rest;
      const isLast = optionsOf(response.head.fields).includes("close");
      const isSomebodys = fieldIn(this.request.fields, "authorization")?.startsWith("NTLM") === true;
      if (isLast || !this.body.isOver) upstream.socket.destroy();
      else if (isSomebodys && !this.proxy.habits.lendsAuthenticated) this.client.own = upstream;
      else this.proxy.giveBack(upstream);
    }
    if (!this.body.isOver && this.proxy.habits.earlyAnswer === "passed on, then reset") {
      return this.proxy.later(LATE_MS, () => this.socket.reset());
    }
    this.done(this.closesBehind ? "close" : response.next);
  }

  private onOriginEnd(): void {
    const { upstream, response } = this;
    if (upstream === undefined || upstream.isGone || this.isWhole || this.isCancelled) return;
    upstream.isGone = true;
    const { retries, truncation } = this.proxy.habits;
    if (response === undefined) {
      const isIdempotent = this.method === "GET";
      if (retries === "everything" || (retries === "idempotent" && isIdempotent && upstream.hasServed))
        return this.find(false);
      this.socket.write("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
      return this.done(this.closesBehind ? "close" : "persist");
    }
    if (response.body.kind === "close") return this.finish("");
    if (truncation === "waits") return;
    if (truncation === "completed" && response.isChunked) return this.finish("");
    this.socket.write(response.content);
    this.done("cut");
  }
}
