/** One request and its response, on their way through a small reverse proxy with habits. */
import { createHash } from "node:crypto";
import type { Socket } from "../../src/net/ports.ts";
import {
  Body,
  chunk,
  type Field,
  FORWARDING,
  fieldIn,
  type Head,
  headOf,
  optionsOf,
  withoutHopFields,
  written,
} from "./proxy-text.ts";
import { type Client, LATE_MS, type RelayingProxy, type Upstream } from "./relaying-proxy.ts";

type Next = "persist" | "close" | "cut" | "ignore";

export class Relay {
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
          ...(this.proxy.habits.upgrade === "without its option" ? [] : [["connection", "upgrade"] as const]),
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
    const key = fieldIn(this.request.fields, "sec-websocket-key") ?? "";
    const proof = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    if (fieldIn(head.fields, "sec-websocket-accept") !== proof) {
      this.upstream?.socket.destroy();
      this.socket.write("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return this.done("close");
    }
    this.isTunnel = true;
    this.socket.write(written(head.start, head.fields));
    if (rest !== "") this.onOrigin(rest);
  }

  private onFinal(head: Head, rest: string): void {
    const { habits } = this.proxy;
    const coding = fieldIn(head.fields, "transfer-encoding");
    const length = fieldIn(head.fields, "content-length");
    const isBodiless = this.method === "HEAD" || / (?:204|304) /.test(head.start);
    const body = isBodiless
      ? new Body("length", 0)
      : new Body(coding !== undefined ? "chunked" : length !== undefined ? "length" : "close", Number(length ?? 0));
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
    // What is still to come of its upload is no request.
    const isUnfinished = !this.body.isOver;
    this.done(this.closesBehind || isUnfinished ? "close" : response.next);
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
