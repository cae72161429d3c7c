/** A `Connection` field that is relayed makes client and server agree with each other over the proxy's head (S9-S12). */
import type { ClientExchange } from "../actors/client.ts";
import { PROXY } from "../actors/middles.ts";
import type { LabServer } from "../actors/server.ts";
import { scenario } from "../scenario.ts";
import { timeText } from "../stage.ts";
import {
  castProxy,
  endingText,
  isAnswered,
  KEEP_ALIVE,
  measure,
  newClient,
  readsPage,
  startServer,
  titles,
} from "./common.ts";

interface Facts {
  readonly first: ClientExchange;
  readonly second: ClientExchange;
  readonly server: LabServer;
}

/** The first response says that 100 more may follow (S6). */
const REQUESTS_MAX = 101;

const asksForKeepAlive = ({ server }: Facts) => /^Connection: Keep-Alive\r$/im.test(server.served[0]?.head ?? "");

export const dumbProxy = scenario<Facts>({
  name: "dumb-proxy",
  title: { en: "Keep-alive and the dumb proxy", ko: "Keep-Alive와 멍청한 프록시" },
  statements: ["S9", "S10", "S11", "S12"],
  proxies: ["dumb", "hopwise"],
  alsoWith: ["naive"],
  rtt_ms: 20,

  async direct(stage, middle) {
    stage.cast("client", "client", titles.keepAliveClient);
    castProxy(stage, middle);
    stage.cast("server", "server", titles.keepAliveServer);
    const { server, place } = await startServer(stage, middle, {
      version: "1.0",
      persists: "when-asked",
      timeout_ms: stage.pace.timeout_ms,
      tellsTerms: true,
      requestsMax: REQUESTS_MAX,
    });
    const door = await middle.start(stage, place, {});
    const client = newClient(stage, "client", door, { version: "1.0", fields: [KEEP_ALIVE] });
    const first = await client.request("/page");
    await stage.pause("client", stage.pace.pause_ms, readsPage);
    const second = await client.request("/image");
    return { first, second, server };
  },

  judge({ first, second, server }) {
    const measures = [
      measure("the first request waits", "첫 번째 요청의 대기 시간", first.waited_ms, "ms"),
      measure("the second request waits", "두 번째 요청의 대기 시간", second.waited_ms, "ms"),
      measure("requests that reach the server", "서버에 도착한 요청", server.served.length, "requests"),
    ];
    if (!isAnswered(second)) {
      const { en, ko } = endingText(second);
      return {
        outcome: "fails",
        verdict: { en: `The second request ${en}.`, ko: `두 번째 요청은 ${ko}.` },
        measures,
      };
    }
    const isLeaked =
      first.field("keep-alive") !== undefined &&
      first.field("keep-alive") === `timeout=${Math.floor(server.temper.timeout_ms / 1_000)}, max=${REQUESTS_MAX - 1}`;
    const isSame = second.port === first.port;
    if (isLeaked) {
      return {
        outcome: "works at a price",
        verdict: {
          en: `Both requests are answered, but the client was told the server's terms (${first.field("keep-alive")}) as if they were the proxy's.`,
          ko: `두 요청 모두 응답을 받지만, 클라이언트는 서버의 조건(${first.field("keep-alive")})을 프록시의 조건인 줄로 압니다.`,
        },
        measures,
      };
    }
    return {
      outcome: isSame ? "works" : "works at a price",
      verdict: isSame
        ? {
            en: `The second request is answered after ${timeText(second.waited_ms).en}, on the same connection (port ${second.port}).`,
            ko: `두 번째 요청은 같은 연결(포트 ${second.port})에서 ${timeText(second.waited_ms).ko} 만에 응답을 받습니다.`,
          }
        : {
            en: "Both requests are answered, each on a connection of its own.",
            ko: "두 요청 모두 응답을 받지만 요청마다 새 연결을 씁니다.",
          },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "client", contains: /GET \/page/ },
      text: {
        en: "The client asks its neighbour to keep the connection: `Connection: Keep-Alive`. It means this hop only.",
        ko: "클라이언트가 이웃에게 연결을 유지해 달라고 요청합니다. `Connection: Keep-Alive`는 이 홉에만 해당하는 말입니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "server", contains: /Connection: Keep-Alive/i },
      proxies: ["dumb", "naive"],
      text: {
        en: "The proxy does not know what `Connection` means and passes it on. It should have removed it.",
        ko: "프록시는 `Connection`의 뜻을 모른 채 그대로 넘깁니다. 홉별(hop-by-hop) 헤더이므로 지우고 보냈어야 합니다.",
      },
    },
    {
      on: { kind: "message", by: "server", contains: /Connection: keep-alive/i },
      text: {
        en: "The server believes that its neighbour asked, agrees, and keeps its connection open.",
        ko: "서버는 바로 앞의 이웃이 부탁한 줄 알고 동의합니다. 그리고 연결을 열어 둡니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "client", contains: /Connection: keep-alive/i },
      proxies: ["dumb"],
      text: {
        en: "The answer is relayed as well: now the client believes that the proxy agreed. The proxy knows nothing of it.",
        ko: "응답도 그대로 전달됩니다. 이제 클라이언트는 프록시가 동의했다고 믿습니다. 정작 프록시는 아무것도 모릅니다.",
      },
    },
    {
      on: { kind: "message", by: "client", contains: /GET \/image/ },
      proxies: ["dumb"],
      text: {
        en: "The client sends its second request on the kept connection.",
        ko: "클라이언트는 유지된 연결로 두 번째 요청을 보냅니다.",
      },
    },
    {
      on: { kind: "note", by: PROXY },
      proxies: ["dumb"],
      text: {
        en: "The proxy waits for the server to close, the server waits for a request, the client waits for an answer.",
        ko: "프록시는 서버가 연결을 닫기를, 서버는 다음 요청을, 클라이언트는 응답을 기다립니다. 모두가 기다리기만 합니다.",
      },
    },
    {
      on: { kind: "close", by: "server" },
      proxies: ["dumb"],
      text: {
        en: "Only the server's timeout ends it. For the proxy that was the end of the first response.",
        ko: "서버의 타임아웃이 되어서야 끝이 납니다. 프록시에게는 이것이 첫 번째 응답의 끝입니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "server", contains: /GET \/page/ },
      proxies: ["hopwise"],
      text: {
        en: "hopwise removes `Connection` and everything it names, and speaks for itself: HTTP/1.1, which persists by default.",
        ko: "hopwise는 `Connection`과 거기에 적힌 헤더를 모두 지우고 자기 말로 요청합니다. HTTP/1.1이므로 지속 연결이 기본입니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "client", contains: /Keep-Alive:/ },
      proxies: ["hopwise"],
      text: {
        en: "To the client it grants keep-alive itself, on its own terms, because it will keep them.",
        ko: "클라이언트에게는 hopwise가 직접 keep-alive를 허락합니다. 스스로 지킬 수 있는 자기 조건으로 약속합니다.",
      },
    },
    {
      on: { kind: "message", by: "client", contains: /GET \/image/ },
      proxies: ["hopwise"],
      text: {
        en: "The second request goes out on the kept connection, and hopwise reads it.",
        ko: "두 번째 요청을 유지된 연결로 보냅니다. 이번에는 hopwise가 읽습니다.",
      },
    },
  ],

  claims: [
    {
      says: "the second request is never answered: it hangs until the server's timeout",
      proxies: ["dumb"],
      holds: ({ second, server }, { pace }) =>
        second.ending === "closed" && second.waited_ms > server.temper.timeout_ms - pace.pause_ms - 100,
    },
    {
      says: "the server never hears of the second request",
      proxies: ["dumb"],
      holds: ({ server }) => server.served.length === 1,
    },
    {
      says: "the server is asked for keep-alive by a proxy that does not mean it",
      proxies: ["dumb", "naive"],
      holds: asksForKeepAlive,
    },
    {
      says: "the client is told the server's terms",
      proxies: ["dumb", "naive"],
      holds: ({ first, server }) =>
        first.field("keep-alive") ===
        `timeout=${Math.floor(server.temper.timeout_ms / 1_000)}, max=${REQUESTS_MAX - 1}`,
    },
    {
      says: "both requests are answered at once, on the same connection",
      proxies: ["hopwise"],
      holds: ({ first, second }, { network }) =>
        [first, second].every((it) => isAnswered(it) && it.waited_ms < 3 * network.rtt_ms + 200) &&
        first.port === second.port,
    },
    {
      says: "the server is not asked for keep-alive",
      proxies: ["hopwise"],
      holds: (facts) => !asksForKeepAlive(facts),
    },
    {
      says: "the client is told terms, and they are the proxy's own",
      proxies: ["hopwise"],
      holds: ({ first, second }) =>
        /^timeout=74, max=999$/.test(first.field("keep-alive") ?? "") &&
        /max=998$/.test(second.field("keep-alive") ?? ""),
    },
  ],

  moral: {
    en: "`Connection` concerns one hop. A proxy that relays it makes client and server agree with each other, and then all three wait.",
    ko: "`Connection`은 한 홉에만 해당하는 헤더입니다. 그대로 전달하면 서로 모르는 둘이 약속을 하게 되고, 결국 셋 모두가 서로를 기다리게 됩니다.",
  },
  sources: ["RFC 9110 section 7.6.1", "RFC 9112 section 9.3", "RFC 2068 section 19.7.1"],
});
