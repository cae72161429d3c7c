/**
 * Plays for tests of what draws them, made by hand: the dumb proxy that hangs, and hopwise in its place.
 *
 * They are told as the lab tells them, in the same shape. Deliberately absent: measured figures; whatever a test shows of
 * real plays must come from the lab.
 */
import type { Actor, NarratedStep, Play, Text } from "../../src/lab/play.ts";

const ONE_WAY_MS = 20;
const PATIENCE_MS = 5000;

const both = (en: string, ko: string): Text => ({ en, ko });
const narrated = (step: NarratedStep, en: string, ko: string): NarratedStep => ({ ...step, narration: { en, ko } });

export function open(connection: string, at_ms: number): NarratedStep {
  return { kind: "open", at_ms, until_ms: at_ms + 2 * ONE_WAY_MS, connection };
}

export function message(
  connection: string,
  from: string,
  at_ms: number,
  lines: readonly string[],
  emphasis: readonly string[] = [],
): NarratedStep {
  const octets = `${lines.join("\r\n")}\r\n\r\n`;
  const sent = { title: lines[0] ?? "", octets, octetCount: octets.length, emphasis };
  return { kind: "message", at_ms, until_ms: at_ms + ONE_WAY_MS, connection, from, ...sent };
}

export function fin(connection: string, from: string, at_ms: number, reason?: string): NarratedStep {
  const step = { kind: "close", at_ms, until_ms: at_ms + ONE_WAY_MS, connection, from, how: "FIN" } as const;
  return reason === undefined ? step : { ...step, reason };
}

export function waiting(actor: string, at_ms: number, until_ms: number, isHang: boolean, text: Text): NarratedStep {
  return { kind: "wait", at_ms, until_ms, actor, isHang, text };
}

function cast(proxy: Text): readonly Actor[] {
  return [
    { id: "client", role: "client", title: both("HTTP/1.0 client", "HTTP/1.0 클라이언트") },
    { id: "proxy", role: "proxy", title: proxy },
    { id: "server", role: "server", title: both("server", "서버") },
  ];
}

const request = ["GET /a HTTP/1.0", "Host: example.test"];
const keepAlive = "Connection: Keep-Alive";
const answer = ["HTTP/1.1 200 OK", "Content-Length: 2"];
const second = ["GET /b HTTP/1.0", "Host: example.test", keepAlive];

const common = {
  scenario: "dumb-proxy",
  title: both("Keep-Alive through a proxy", "프록시를 지나는 Keep-Alive"),
  network: "simulated",
  rtt_ms: 2 * ONE_WAY_MS,
  connections: [
    { id: "down", from: "client", to: "proxy", port: 49152 },
    { id: "up", from: "proxy", to: "server", port: 49200 },
  ],
  moral: both(
    "Connection belongs to one hop: a proxy removes it, and what it names, before the message goes on.",
    "Connection은 한 홉의 것입니다. 프록시는 메시지를 넘기기 전에 이 필드와 그것이 지목한 필드를 지워야 합니다.",
  ),
  sources: ["RFC 9110 section 7.6.1", "RFC 9112 section 9.3"],
} as const;

export const dumbPlay: Play = {
  ...common,
  proxy: "dumb",
  actors: cast(both("dumb proxy", "멍청한 프록시")),
  steps: [
    open("down", 0),
    narrated(
      message("down", "client", 40, [...request, keepAlive], [keepAlive]),
      "The client asks to keep the connection. It means the one to the proxy.",
      "클라이언트가 연결을 유지하자고 합니다. 프록시와의 연결을 말하는 것입니다.",
    ),
    open("up", 60),
    narrated(
      message("up", "proxy", 100, [...request, keepAlive], [keepAlive]),
      "The proxy does not know Connection and relays it unchanged.",
      "프록시는 Connection을 모르기 때문에 그대로 전달합니다.",
    ),
    narrated(
      message("up", "server", 120, [...answer, keepAlive], [keepAlive]),
      "The server believes that the proxy asked, and agrees.",
      "서버는 프록시가 요청했다고 믿고 동의합니다.",
    ),
    message("down", "proxy", 140, [...answer, keepAlive], [keepAlive]),
    waiting("proxy", 140, 160 + PATIENCE_MS, true, both("for the server to close", "서버가 닫기를 기다림")),
    waiting("server", 140, 160 + PATIENCE_MS, true, both("for the next request", "다음 요청을 기다림")),
    narrated(
      message("down", "client", 160, second),
      "The second request travels on the kept connection. The proxy does not read it.",
      "두 번째 요청이 유지된 연결로 갑니다. 프록시는 읽지 않습니다.",
    ),
    narrated(
      waiting("client", 160, 200 + PATIENCE_MS, true, both("for the second response", "두 번째 응답을 기다림")),
      "Everybody waits for somebody else.",
      "모두가 다른 누군가를 기다립니다.",
    ),
    fin("up", "server", 160 + PATIENCE_MS),
    fin("up", "proxy", 180 + PATIENCE_MS),
    narrated(
      fin("down", "proxy", 180 + PATIENCE_MS),
      "The server's patience ends, and with it the connection that the client was promised.",
      "서버의 인내심이 끝나고, 클라이언트가 약속받은 연결도 끝납니다.",
    ),
    fin("down", "client", 200 + PATIENCE_MS),
  ],
  outcome: "fails",
  verdict: both(
    "The second request hangs for 5 s and is never answered.",
    "두 번째 요청은 5초 동안 멈추고 끝내 답을 받지 못합니다.",
  ),
  measures: [
    { name: both("the second request", "두 번째 요청"), value: 5040, unit: "ms" },
    { name: both("connections", "연결"), value: 2, unit: "connections" },
  ],
};

export const hopwisePlay: Play = {
  ...common,
  proxy: "hopwise",
  actors: cast(both("hopwise", "hopwise")),
  steps: [
    open("down", 0),
    narrated(
      message("down", "client", 40, [...request, keepAlive], [keepAlive]),
      "The same request.",
      "같은 요청입니다.",
    ),
    open("up", 60),
    narrated(
      message("up", "proxy", 100, ["GET /a HTTP/1.1", "Host: example.test"]),
      "hopwise speaks for itself on its own hop.",
      "hopwise는 자기 홉에서 자기 말을 합니다.",
    ),
    message("up", "server", 120, answer),
    narrated(
      message(
        "down",
        "proxy",
        140,
        [...answer, keepAlive, "Keep-Alive: timeout=74, max=999"],
        [keepAlive, "Keep-Alive: timeout=74, max=999"],
      ),
      "It agrees with the client on terms that it means to keep.",
      "지킬 수 있는 조건으로 클라이언트와 합의합니다.",
    ),
    message("down", "client", 160, second),
    message("up", "proxy", 180, ["GET /b HTTP/1.1", "Host: example.test"]),
    message("up", "server", 200, answer),
    message("down", "proxy", 220, answer),
    waiting("client", 240, 440, false, both("idle, and welcome to stay", "놀고 있지만 있어도 됩니다")),
    fin("down", "client", 440),
    fin("down", "proxy", 460, "close-received"),
  ],
  outcome: "works",
  verdict: both("The second request is answered in 80 ms.", "두 번째 요청은 80 ms 만에 답을 받습니다."),
  measures: [
    { name: both("the second request", "두 번째 요청"), value: 80, unit: "ms" },
    { name: both("connections", "연결"), value: 2, unit: "connections" },
  ],
};
