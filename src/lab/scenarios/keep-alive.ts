/** HTTP/1.0 keep-alive: asked for, agreed to, on terms that run out (S3-S6). */
import type { ClientExchange } from "../actors/client.ts";
import { scenario } from "../scenario.ts";
import {
  castProxy,
  counted,
  isWell,
  KEEP_ALIVE,
  measure,
  newClient,
  readsPage,
  startServer,
  titles,
} from "./common.ts";

interface Facts {
  readonly exchanges: readonly ClientExchange[];
}

const REQUESTS_MAX = 3;
/** Longer than the timeout, by more than any clock is late. */
const TOO_LONG = 1.3;

const terms = (exchange: ClientExchange | undefined) => exchange?.field("keep-alive") ?? "";
const ports = ({ exchanges }: Facts) => exchanges.map(({ port }) => port);

export const keepAlive = scenario<Facts>({
  name: "keep-alive",
  title: { en: "Keep-alive: asking, agreeing, terms", ko: "Keep-Alive: 요청, 동의, 조건" },
  statements: ["S3", "S4", "S5", "S6"],
  proxies: ["none", "hopwise"],
  rtt_ms: 20,

  async direct(stage, middle) {
    const { timeout_ms, pause_ms } = stage.pace;
    stage.cast("client", "client", titles.keepAliveClient);
    castProxy(stage, middle);
    stage.cast("server", "server", titles.keepAliveServer);
    const { place } = await startServer(stage, middle, {
      version: "1.0",
      persists: "when-asked",
      timeout_ms,
      tellsTerms: true,
      requestsMax: REQUESTS_MAX,
    });
    const door = await middle.start(stage, place, { keepAliveTimeout: timeout_ms, maxRequests: REQUESTS_MAX });
    const client = newClient(stage, "client", door, { version: "1.0", fields: [KEEP_ALIVE] });
    const exchanges = [await client.request("/1")];
    await stage.pause("client", pause_ms, readsPage);
    exchanges.push(await client.request("/2"));
    await stage.pause("client", timeout_ms * TOO_LONG, {
      en: "reads on, for longer than the timeout",
      ko: "타임아웃보다 오래 페이지를 읽습니다",
    });
    for (const target of ["/3", "/4", "/5", "/6"]) exchanges.push(await client.request(target));
    return { exchanges };
  },

  judge({ exchanges }) {
    const connections = new Set(exchanges.map(({ port }) => port)).size;
    const reused = exchanges.filter(({ isReused }) => isReused).length;
    const measures = [
      measure("requests", "요청", exchanges.length, "requests"),
      measure("connections", "연결", connections, "connections"),
      measure(
        "first request, with its handshake",
        "핸드셰이크를 포함한 첫 번째 요청",
        exchanges[0]?.took_ms ?? 0,
        "ms",
      ),
      measure("second request, without one", "핸드셰이크가 없는 두 번째 요청", exchanges[1]?.took_ms ?? 0, "ms"),
    ];
    const isGood = exchanges.every(isWell);
    return {
      outcome: isGood ? (reused > 0 ? "works" : "works at a price") : "fails",
      verdict: isGood
        ? {
            en: `${counted(exchanges.length, "request")} use ${counted(connections, "connection")}; ${reused} of them ${reused === 1 ? "travels" : "travel"} on a connection that was open already.`,
            ko: `요청 ${exchanges.length}개가 연결 ${connections}개를 씁니다. 그중 ${reused}개는 이미 열려 있던 연결로 갑니다.`,
          }
        : { en: "Not every request was answered.", ko: "응답을 받지 못한 요청이 있습니다." },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "client", contains: /GET \/1/ },
      text: {
        en: "The client asks: please keep this connection.",
        ko: "클라이언트가 `Connection: Keep-Alive`로 연결을 유지해 달라고 요청합니다.",
      },
    },
    {
      on: { kind: "message", towards: "client", contains: /Keep-Alive: .*max=2/ },
      text: {
        en: "The neighbour agrees with the same field and states its terms: how long the connection may idle, and two more requests.",
        ko: "이웃도 같은 헤더로 동의하고 조건을 알려 줍니다. 쉬어도 되는 시간과, 앞으로 더 받을 요청 두 번입니다.",
      },
    },
    {
      on: { kind: "message", by: "client", contains: /GET \/2/ },
      text: {
        en: "Within the timeout: the same socket, the same port, no handshake.",
        ko: "타임아웃 안이므로 같은 소켓, 같은 포트로 갑니다. 핸드셰이크는 없습니다.",
      },
    },
    {
      on: { kind: "message", towards: "client", contains: /Keep-Alive: .*max=1/ },
      text: { en: "`max` counts down.", ko: "`max`가 하나 줄었습니다." },
    },
    {
      on: { kind: "close", towards: "client" },
      text: {
        en: "Nothing came within the timeout: the connection is closed.",
        ko: "타임아웃 동안 요청이 없어 연결을 닫습니다.",
      },
    },
    {
      on: { kind: "open", by: "client" },
      text: { en: "The first connection.", ko: "첫 번째 연결입니다." },
    },
    {
      on: { kind: "open", by: "client" },
      text: { en: "Too late: a new connection, from a new port.", ko: "늦었습니다. 새 포트에서 연결을 다시 엽니다." },
    },
    {
      on: { kind: "message", towards: "client", contains: /Connection: close/i },
      text: {
        en: "The third answer on this connection: `max` is used up, and the answer says so.",
        ko: "이 연결의 세 번째 응답입니다. `max`를 다 썼으므로 닫겠다고 알립니다.",
      },
    },
  ],

  claims: [
    {
      says: "every request is answered",
      proxies: ["none", "hopwise"],
      holds: ({ exchanges }) => exchanges.length === 6 && exchanges.every(isWell),
    },
    {
      says: "within the timeout the same port is used",
      proxies: ["none", "hopwise"],
      holds: (facts) => ports(facts)[0] === ports(facts)[1],
    },
    {
      says: "the second request saves the handshake's round trip",
      proxies: ["none"],
      holds: ({ exchanges: [first, second] }, { network }) =>
        (first?.took_ms ?? 0) - (second?.took_ms ?? 0) >= 0.7 * network.rtt_ms,
    },
    {
      says: "after the timeout the connection is gone",
      proxies: ["none", "hopwise"],
      holds: (facts) => ports(facts)[2] !== ports(facts)[1] && facts.exchanges[2]?.isReused === false,
    },
    {
      says: "max counts down, and then the connection closes",
      proxies: ["none", "hopwise"],
      holds: ({ exchanges: [first, second, third, fourth, fifth, sixth] }) =>
        [first, third].every((it) => /\bmax=2$/.test(terms(it))) &&
        [second, fourth].every((it) => /\bmax=1$/.test(terms(it))) &&
        fifth?.field("connection") === "close" &&
        sixth?.isReused === false,
    },
    {
      says: "the server tells the timeout that it enforces",
      proxies: ["none"],
      holds: ({ exchanges }, { pace }) => terms(exchanges[0]) === `timeout=${pace.timeout_ms / 1_000}, max=2`,
    },
    {
      says: "hopwise tells a shorter timeout than it enforces, so that no client that believes it comes too late",
      proxies: ["hopwise"],
      holds: ({ exchanges }, { pace }) => {
        const told_s = /timeout=(\d+)/.exec(terms(exchanges[0]))?.[1];
        return told_s === undefined ? pace.timeout_ms < 2_000 : Number(told_s) * 1_000 < pace.timeout_ms;
      },
    },
  ],

  comparison: {
    en: "hopwise is slower here for two reasons. It adds a hop, and the lab gives each hop a round trip of its own. And this HTTP/1.0 server closes after each response unless it is asked to keep the connection, which hopwise, speaking HTTP/1.1, does not ask: so each request pays for a handshake on the second hop.",
    ko: "hopwise가 더 느린 까닭은 둘입니다. 우선 홉이 하나 늘고, 실험실은 홉마다 왕복 시간을 똑같이 줍니다. 그리고 이 HTTP/1.0 서버는 요청받지 않으면 응답마다 연결을 닫는데, HTTP/1.1로 말하는 hopwise는 keep-alive를 요청하지 않습니다. 그래서 두 번째 홉에서는 요청마다 핸드셰이크 비용이 듭니다.",
  },
  moral: {
    en: "Keep-alive is an agreement between two neighbours: asked for, granted, and limited by time and number.",
    ko: "Keep-Alive는 바로 이웃한 둘 사이의 약속입니다. 한쪽이 요청하고 다른 쪽이 동의하며, 시간과 횟수에 한도가 있습니다.",
  },
  sources: ["RFC 2068 section 19.7.1", "RFC 9112 section 9.3", "RFC 9112 appendix C.2.2"],
});
