/**
 * The kinds of client of the soak: each opens a connection, does what its kind does, and reports what it saw.
 *
 * What a client does to itself (it aborts, it resets) is counted and is no failure.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../interop/support/random.ts";
import { contentOf } from "./content.ts";
import { targetOf } from "./plan.ts";
import { judge, makeRequest, pick, type Request, type Verdict, type Wish } from "./requests.ts";
import { type Lost, type Response, Wire } from "./wire.ts";

/** What a client needs of the load it belongs to. */
export interface Desk {
  readonly port: number;
  readonly random: Random;
  /** Whoever has the choice comes to an end. */
  readonly isStopping: boolean;
  nextId(): string;
  count(name: string): void;
  /** @param isBehindClose an earlier response on this connection was the last one, so nobody will answer this request */
  report(request: Request, verdict: Verdict, began_ms: number, isBehindClose: boolean): void;
  violation(what: string): void;
}

type Client = (desk: Desk) => Promise<void>;

/** Requests one after the other on one connection, with pauses in which origins close theirs. */
const persistent: Client = async (desk) => {
  const { random } = desk;
  const wire = await Wire.open(desk.port);
  const requests = Math.floor(random.between(1, 15));
  for (let i = 0; i < requests && wire.isOpen; i++) {
    await ask(desk, wire, makeRequest(desk.nextId(), random, { keepsAlive: i < requests - 1 }));
    if (!wire.isOpen || desk.isStopping) break;
    await pause(random.next() < 0.2 ? random.between(500, 6_000) : random.between(0, 60));
    if (wire.ended !== undefined) desk.violation("an idle connection was closed although its time was not over");
  }
  await leave(desk, wire);
};

const http10: Client = async (desk) => {
  const { random } = desk;
  const keepsAlive = random.next() < 0.5;
  const wire = await Wire.open(desk.port);
  for (let i = 0; i < (keepsAlive ? 4 : 1) && wire.isOpen; i++) {
    const request = makeRequest(desk.nextId(), random, { minorVersion: 0, keepsAlive });
    const outcome = await ask(desk, wire, request);
    if (typeof outcome !== "string" && outcome.fields.get("connection")?.toLowerCase() !== "keep-alive") break;
  }
  await leave(desk, wire);
};

const pipelining: Client = async (desk) => {
  const { random } = desk;
  const wire = await Wire.open(desk.port);
  const count = Math.floor(random.between(2, 6));
  const requests = Array.from({ length: count }, () => makeRequest(desk.nextId(), random, { method: "GET" }));
  const began_ms = Date.now();
  const answers = requests.map(() => wire.response(false));
  wire.send(requests.map(({ head }) => head).join(""));
  let isBehindClose = false;
  for (const [index, request] of requests.entries()) {
    const outcome = await (answers[index] as Promise<Response | Lost>);
    report(desk, wire, request, outcome, began_ms, isBehindClose);
    if (typeof outcome === "string" || outcome.fields.get("connection") === "close") isBehindClose = true;
  }
  await leave(desk, wire);
};

const slowReader: Client = async (desk) => {
  const { random } = desk;
  const wire = await Wire.open(desk.port);
  const request = makeRequest(desk.nextId(), random, { method: "GET", bytes: 1_500_000, fault: "none" });
  const answer = ask(desk, wire, request);
  let isOver = false;
  void answer.then(() => {
    isOver = true;
  });
  while (!isOver) {
    wire.socket.pause();
    await pause(60);
    wire.socket.resume();
    await pause(5);
  }
  await answer;
  await leave(desk, wire);
};

const slowSender: Client = async (desk) => {
  const { random } = desk;
  const wire = await Wire.open(desk.port);
  const wish: Wish = { method: pick(random, ["POST", "PUT"]), ...(random.next() < 0.3 ? { fault: "early" } : {}) };
  const request = makeRequest(desk.nextId(), random, { ...wish, bodyBytes: Math.floor(random.between(1, 60_000)) });
  const began_ms = Date.now();
  const answer = wire.response(false);
  wire.send(request.head);
  const { body } = request;
  const step = Math.ceil(body.length / 10);
  for (let at = 0; at < body.length && wire.isOpen; at += step) {
    await pause(random.between(0, 40));
    wire.send(body.slice(at, at + step));
  }
  report(desk, wire, request, await answer, began_ms, false);
  await leave(desk, wire);
};

/** Waits for 100 (Continue), as long as it takes to be told otherwise. */
const expecting: Client = async (desk) => {
  const wire = await Wire.open(desk.port);
  const request = makeRequest(desk.nextId(), desk.random, { method: "PUT", fields: ["Expect: 100-continue"] });
  const began_ms = Date.now();
  const continued = new Promise<void>((resolve) => {
    wire.onContinue = resolve;
  });
  const answer = wire.response(false);
  wire.send(request.head);
  await Promise.race([continued, answer]);
  if (wire.isOpen) wire.send(request.body);
  report(desk, wire, request, await answer, began_ms, false);
  await leave(desk, wire);
};

/** Closes its side behind the request, and still wants the response. */
const halfClosing: Client = async (desk) => {
  const wire = await Wire.open(desk.port);
  const answer = ask(desk, wire, makeRequest(desk.nextId(), desk.random));
  wire.socket.end();
  await answer;
  await leave(desk, wire);
};

/** Goes away in the middle of its request or of its response. */
const aborting: Client = async (desk) => {
  const { random } = desk;
  const wire = await Wire.open(desk.port);
  const request = makeRequest(desk.nextId(), random, { bytes: 200_000, bodyBytes: 50_000, fault: "none" });
  const isInRequest = random.next() < 0.5;
  const all = request.head + request.body;
  wire.send(isInRequest ? all.slice(0, Math.ceil(random.next() * all.length)) : all);
  const began = new Promise<void>((resolve) => wire.socket.once("data", () => resolve()));
  if (!isInRequest) await Promise.race([began, wire.untilEnded(), pause(random.between(0, 300))]);
  else await pause(random.between(0, 20));
  const resets = random.next() < 0.5;
  desk.count(`client: ${resets ? "resets" : "closes"} in its ${isInRequest ? "request" : "response"}`);
  if (resets) wire.socket.resetAndDestroy();
  else wire.close();
};

/** Never finishes its head: it is told so. */
const unfinished: Client = async (desk) => {
  const wire = await Wire.open(desk.port);
  desk.count("client: never finishes its head");
  const answer = wire.response(false);
  wire.send("GET /soak/unfinished HTTP/1.1\r\nHost: soak\r\nX-Unfin");
  const outcome = await answer;
  if (typeof outcome === "string" || outcome.status !== 408) desk.violation("an unfinished head was not answered 408");
  await leave(desk, wire);
};

/** An upgrade to something like WebSocket: octets both ways, then both sides end. */
const upgrading: Client = async (desk) => {
  const { random } = desk;
  const wire = await Wire.open(desk.port);
  const isReset = random.next() < 0.2;
  const id = desk.nextId();
  const fault = isReset ? "reset-body" : "none";
  const upgrade = ["Connection: Upgrade", "Upgrade: soak"];
  const request = makeRequest(id, random, { method: "GET", fault, framing: "length", bytes: 0, fields: upgrade });
  const began_ms = Date.now();
  const answer = wire.response(false);
  wire.send(request.head);
  const outcome = await answer;
  if (typeof outcome === "string" || outcome.status !== 101) {
    return report(desk, wire, request, outcome, began_ms, false);
  }
  desk.count("tunnels");
  const content = contentOf(`tunnel ${id}`, Math.floor(random.between(1, 100_000)));
  let echoed = "";
  const complete = new Promise<void>((resolve) => {
    wire.tunnel((octets) => {
      echoed += octets;
      if (echoed.length >= content.length) resolve();
    });
  });
  for (let at = 0; at < content.length; at += 5_000) wire.send(content.slice(at, at + 5_000));
  await Promise.race([complete, wire.untilEnded()]);
  if (!content.startsWith(echoed)) desk.violation("a tunnel carried other octets than were sent");
  const isWhole = echoed.length === content.length;
  desk.report(request, isWhole ? { kind: "whole" } : { kind: "failed", seen: "truncated" }, began_ms, false);
  wire.socket.end();
  await wire.untilEnded();
  wire.close();
};

/** Sends a request and reports what became of it. */
async function ask(desk: Desk, wire: Wire, request: Request): Promise<Response | Lost> {
  const began_ms = Date.now();
  const answer = wire.response(request.method === "HEAD");
  wire.send(request.head + request.body);
  const outcome = await answer;
  report(desk, wire, request, outcome, began_ms, false);
  return outcome;
}

function report(
  desk: Desk,
  wire: Wire,
  request: Request,
  outcome: Response | Lost,
  began_ms: number,
  isBehindClose: boolean,
): void {
  if (wire.fault !== undefined) desk.violation(`${targetOf(request.plan)}: ${wire.fault}`);
  desk.report(request, judge(request, outcome), began_ms, isBehindClose);
}

/** Closes in order. */
async function leave(desk: Desk, wire: Wire): Promise<void> {
  if (wire.fault !== undefined) desk.violation(wire.fault);
  wire.socket.end();
  await wire.untilEnded();
  wire.close();
}

/** Each kind, and how often it comes. */
export const clients: readonly (readonly [name: string, client: Client, share: number])[] = [
  ["persistent", persistent, 30],
  ["HTTP/1.0", http10, 8],
  ["pipelining", pipelining, 10],
  ["slow reader", slowReader, 2],
  ["slow sender", slowSender, 8],
  ["waits for 100", expecting, 5],
  ["half-closing", halfClosing, 8],
  ["aborting", aborting, 12],
  ["unfinished head", unfinished, 1],
  ["upgrading", upgrading, 6],
];
