/** A connection for each request: what it costs in round trips and in time (S1, S2). */
import type { ClientExchange } from "../actors/client.ts";
import { PROXY } from "../actors/middles.ts";
import type { LabServer } from "../actors/server.ts";
import { scenario } from "../scenario.ts";
import {
  castProxy,
  connectionsFrom,
  counted,
  isWell,
  KEEP_ALIVE,
  measure,
  newClient,
  startServer,
  titles,
} from "./common.ts";

interface Facts {
  readonly alone: readonly ClientExchange[];
  readonly kept: readonly ClientExchange[];
  readonly server: LabServer;
}

const TARGETS = ["/page", "/style", "/image"] as const;

const total = (exchanges: readonly ClientExchange[]) => exchanges.reduce((sum, { took_ms }) => sum + took_ms, 0);

export const connectionless = scenario<Facts>({
  name: "connectionless",
  title: { en: "A connection for every request", ko: "요청마다 새 연결" },
  statements: ["S1", "S2"],
  proxies: ["none", "hopwise"],
  rtt_ms: 50,

  async direct(stage, middle) {
    stage.cast("client", "client", titles.http10Client);
    stage.cast("keeper", "client", titles.keepAliveClient);
    castProxy(stage, middle);
    stage.cast("server", "server", titles.http11Server);
    const { server, place } = await startServer(stage, middle, {
      version: "1.1",
      persists: "by-default",
      timeout_ms: stage.pace.timeout_ms,
    });
    const door = await middle.start(stage, place, {});
    const client = newClient(stage, "client", door, { version: "1.0" });
    const keeper = newClient(stage, "keeper", door, { version: "1.0", fields: [KEEP_ALIVE] });
    const alone: ClientExchange[] = [];
    for (const target of TARGETS) alone.push(await client.request(target));
    await stage.settle();
    const kept: ClientExchange[] = [];
    for (const target of TARGETS) kept.push(await keeper.request(target));
    return { alone, kept, server };
  },

  judge({ alone, kept, server }, stage) {
    const [alone_ms, kept_ms] = [Math.round(total(alone)), Math.round(total(kept))];
    const measures = [
      measure("three requests, a connection each", "연결을 매번 여는 요청 세 번", alone_ms, "ms"),
      measure("three requests on one connection", "연결 하나로 보내는 요청 세 번", kept_ms, "ms"),
      measure(
        "connections of the first client",
        "첫 번째 클라이언트의 연결",
        connectionsFrom(stage, "client"),
        "connections",
      ),
      measure("connections that the server sees", "서버가 받은 연결", server.connections, "connections"),
    ];
    if (![...alone, ...kept].every(isWell)) {
      return {
        outcome: "fails",
        verdict: { en: "Not every request was answered.", ko: "응답을 받지 못한 요청이 있습니다." },
        measures,
      };
    }
    const opened = connectionsFrom(stage, "client");
    return {
      outcome: alone_ms > kept_ms ? "works at a price" : "works",
      verdict: {
        en: `Three requests open ${counted(opened, "connection")} and take ${alone_ms} ms; on one connection they take ${kept_ms} ms. In all the server sees ${counted(server.connections, "connection")}.`,
        ko: `요청 세 번에 연결을 ${opened}개 열어 ${alone_ms}ms가 걸립니다. 연결 하나를 계속 쓰면 ${kept_ms}ms입니다. 서버가 받은 연결은 모두 ${server.connections}개입니다.`,
      },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "open", by: "client" },
      text: {
        en: "Before the first byte of HTTP there is a handshake: one round trip.",
        ko: "HTTP는 한 바이트도 보내지 못한 채, 핸드셰이크에만 왕복 한 번이 듭니다.",
      },
    },
    {
      on: { kind: "message", by: "client", contains: /GET \/page/ },
      text: { en: "The request and its answer: one round trip more.", ko: "요청과 응답에 왕복이 한 번 더 듭니다." },
    },
    {
      on: { kind: "close", towards: "client", how: "FIN" },
      text: {
        en: "The answer is complete and the connection closes: early HTTP keeps nothing, not even the connection.",
        ko: "응답이 끝나면 연결을 닫습니다. 초기의 HTTP는 비연결(connectionless)이라 연결조차 남기지 않습니다.",
      },
    },
    {
      on: { kind: "open", by: "client" },
      text: {
        en: "The next request pays for a handshake again.",
        ko: "다음 요청은 핸드셰이크 비용을 또 치릅니다.",
      },
    },
    {
      on: { kind: "message", by: "keeper", contains: /GET \/style/ },
      text: {
        en: "The other client kept its connection: no handshake, half of the round trips.",
        ko: "다른 클라이언트는 연결을 유지했습니다. 핸드셰이크가 없으니 왕복이 절반입니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "server", contains: /\/style/ },
      proxies: ["hopwise"],
      text: {
        en: "hopwise keeps its own connection to the server, whatever the client does with the other hop.",
        ko: "클라이언트 쪽 홉이 어떻든, hopwise는 서버와의 연결을 따로 유지해 다시 씁니다.",
      },
    },
  ],

  claims: [
    {
      says: "each request has a connection of its own",
      proxies: ["none", "hopwise"],
      holds: ({ alone }) => new Set(alone.map(({ port }) => port)).size === TARGETS.length && alone.every(isWell),
    },
    {
      says: "each pays one more round trip than on a kept connection",
      proxies: ["none", "hopwise"],
      holds: ({ alone, kept }, { network }) => total(alone) - total(kept) >= 1.5 * network.rtt_ms,
    },
    {
      says: "alone, a request takes two round trips",
      proxies: ["none"],
      holds: ({ alone }, { network }) => alone.every(({ took_ms }) => took_ms >= 1.9 * network.rtt_ms),
    },
    {
      says: "the server sees the connections of both clients",
      proxies: ["none"],
      holds: ({ server }) => server.connections === TARGETS.length + 1,
    },
    {
      says: "the server sees one connection for all of them",
      proxies: ["hopwise"],
      holds: ({ server }) => server.connections === 1,
    },
  ],

  comparison: {
    en: "hopwise is slower here because it adds a hop: every request crosses two connections, and the lab gives each of them a round trip of its own. Any proxy costs that much; the round trip between a proxy and its server is usually far shorter.",
    ko: "hopwise가 더 느린 까닭은 홉이 하나 늘기 때문입니다. 모든 요청이 연결 두 개를 지나고, 실험실은 홉마다 왕복 시간을 똑같이 줍니다. 어느 프록시든 이만큼은 듭니다. 다만 실제로는 프록시와 서버 사이의 왕복이 대개 훨씬 짧습니다.",
  },
  moral: {
    en: "A new connection costs a round trip before the first byte. A client that asks often should keep its connection.",
    ko: "새 연결은 첫 바이트를 보내기도 전에 왕복 한 번을 치릅니다. 자주 요청한다면 연결을 유지하는 편이 낫습니다.",
  },
  sources: ["RFC 9112 section 9.3", "RFC 1945 section 1.3"],
});
