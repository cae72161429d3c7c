/** `Proxy-Connection`: the workaround that helps with one dumb proxy, and fails with a second proxy behind it. */
import type { ClientExchange } from "../actors/client.ts";
import { KnowingProxy } from "../actors/knowing-proxy.ts";
import { neighbourOf, PROXY, startDumb } from "../actors/middles.ts";
import { scenario } from "../scenario.ts";
import { doorTo, type Place, type Stage } from "../stage.ts";
import { endingText, isWell, measure, newClient, newServer, titles } from "./common.ts";

interface Act {
  readonly first: ClientExchange;
  readonly second: ClientExchange;
}

interface Facts {
  /** Through the dumb proxy alone. */
  readonly alone: Act;
  /** Through the dumb proxy and another one behind it. */
  readonly chained: Act;
}

const ASKS = "Proxy-Connection: Keep-Alive";

export const proxyConnection = scenario<Facts>({
  name: "proxy-connection",
  title: { en: "Proxy-Connection: a workaround and its limit", ko: "Proxy-Connection: 편법과 그 한계" },
  statements: ["S9", "S12"],
  proxies: ["dumb", "hopwise"],
  rtt_ms: 20,

  async direct(stage, middle) {
    stage.cast("client", "client", { en: "browser of the 1990s", ko: "1990년대 브라우저" });
    stage.cast("relay", "proxy", { en: "dumb proxy", ko: "멍청한 프록시" });
    const isKnowing = middle.kind === "dumb" || middle.kind === "none";
    stage.cast(
      PROXY,
      "proxy",
      isKnowing ? { en: "proxy that knows Proxy-Connection", ko: "Proxy-Connection을 아는 프록시" } : middle.title,
    );
    stage.cast("server", "server", titles.keepAliveServer);
    const server = newServer(stage, "server", {
      version: "1.0",
      persists: "when-asked",
      timeout_ms: stage.pace.timeout_ms,
      tellsTerms: true,
    });
    const behindRelay = await stage.listen("server", { id: "relay", isForeign: false }, (socket) =>
      server.accept(socket),
    );
    const neighbour = isKnowing ? { id: PROXY, isForeign: false } : neighbourOf(middle);
    const behindProxy = await stage.listen("server", neighbour, (socket) => server.accept(socket), middle.originPort);

    const alone = await act(stage, behindRelay, "/alone");
    await stage.settle();
    const second = isKnowing ? await startKnowing(stage, behindProxy) : await middle.start(stage, behindProxy, {});
    const chained = await act(stage, { actor: PROXY, isForeign: false, ...second }, "/chained");
    return { alone, chained };
  },

  judge({ alone, chained }) {
    const measures = [
      measure(
        "one proxy: the second request waits",
        "프록시 하나: 두 번째 요청의 대기 시간",
        alone.second.waited_ms,
        "ms",
      ),
      measure(
        "two proxies: the second request waits",
        "프록시 둘: 두 번째 요청의 대기 시간",
        chained.second.waited_ms,
        "ms",
      ),
    ];
    if (!isWell(chained.second)) {
      const { en, ko } = endingText(chained.second);
      return {
        outcome: "fails",
        verdict: {
          en: `With the dumb proxy alone everything is answered; with another proxy behind it, the second request ${en}.`,
          ko: `멍청한 프록시 하나만 있을 때는 모두 응답을 받습니다. 그 뒤에 프록시가 하나 더 있으면 두 번째 요청은 ${ko}.`,
        },
        measures,
      };
    }
    return {
      outcome: "works",
      verdict: {
        en: "All requests are answered, with one proxy and with two.",
        ko: "프록시가 하나일 때도 둘일 때도 모든 요청이 응답을 받습니다.",
      },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "client", contains: /\/alone\/1/ },
      text: {
        en: "The browser asks the proxy, and only the proxy: `Proxy-Connection` instead of `Connection`.",
        ko: "브라우저는 `Connection` 대신 `Proxy-Connection`으로 프록시에게만 부탁합니다.",
      },
    },
    {
      on: { kind: "message", by: "relay", towards: "server" },
      text: {
        en: "The dumb proxy relays this, too, but the server does not know the field: it does not agree, and nothing hangs.",
        ko: "멍청한 프록시는 이것도 그대로 넘기지만, 서버는 모르는 헤더라 무시합니다. 동의하는 쪽이 없으니 멈추는 쪽도 없습니다.",
      },
    },
    {
      on: { kind: "message", by: "relay", towards: PROXY },
      text: {
        en: "Now there is a second proxy behind the dumb one, and the field reaches it.",
        ko: "이번에는 멍청한 프록시 뒤에 프록시가 하나 더 있고, 헤더가 거기까지 전해집니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "relay" },
      proxies: ["dumb"],
      text: {
        en: "It knows the field, believes that its neighbour asked, and agrees: the old mistake, one hop further.",
        ko: "이 프록시는 그 헤더를 알기에 이웃이 부탁한 줄 알고 동의합니다. 같은 실수가 한 홉 뒤에서 되풀이됩니다.",
      },
    },
    {
      on: { kind: "message", by: "client", contains: /\/chained\/2/ },
      text: { en: "The browser sends its second request.", ko: "브라우저가 두 번째 요청을 보냅니다." },
    },
    {
      on: { kind: "note", by: "relay" },
      proxies: ["dumb"],
      text: {
        en: "And again all three wait for each other.",
        ko: "그리고 또다시 모두가 서로를 기다립니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "relay" },
      proxies: ["hopwise"],
      text: {
        en: "hopwise does not take part: it ignores `Proxy-Connection` and closes after its answer.",
        ko: "hopwise는 `Proxy-Connection`을 약속으로 치지 않으므로, 응답한 뒤 연결을 닫습니다.",
      },
    },
  ],

  claims: [
    {
      says: "with one dumb proxy the workaround helps",
      proxies: ["dumb", "hopwise"],
      holds: ({ alone }) => isWell(alone.first) && isWell(alone.second) && alone.first.port !== alone.second.port,
    },
    {
      says: "with a second proxy behind it, the second request hangs",
      proxies: ["dumb"],
      holds: ({ chained }, { pace }) =>
        isWell(chained.first) &&
        chained.second.ending === "gave-up" &&
        chained.second.waited_ms >= pace.patience_ms * 0.9,
    },
    {
      says: "with hopwise behind it, every request is answered at once",
      proxies: ["hopwise"],
      holds: ({ chained }, { network }) =>
        [chained.first, chained.second].every((it) => isWell(it) && it.waited_ms < 6 * network.rtt_ms + 200),
    },
  ],

  moral: {
    en: "A new name for the field does not help: what matters is that each hop removes what concerns it alone.",
    ko: "헤더 이름을 바꾼다고 해결되지 않습니다. 중요한 것은 홉마다 자기 홉에만 해당하는 헤더를 지우는 일입니다.",
  },
  sources: ["RFC 9112 appendix C.2.2", "RFC 9110 section 7.6.1"],
});

/** Two requests of a new browser through a dumb proxy to what is behind it. */
async function act(stage: Stage, behind: Place, path: string): Promise<Act> {
  const relay = await startDumb(stage, "relay", { id: "client", isForeign: false }, behind);
  const temper = { version: "1.0", fields: [ASKS], believesProxyConnection: true } as const;
  const client = newClient(stage, "client", doorTo(relay), temper);
  const first = await client.request(`${path}/1`);
  await stage.sleep(stage.pace.pause_ms);
  const second = await client.request(`${path}/2`);
  return { first, second };
}

async function startKnowing(stage: Stage, server: Place): Promise<Place> {
  const proxy = new KnowingProxy(stage.dialerOf(PROXY), { kind: "tcp", host: server.host, port: server.port });
  return await stage.listen(PROXY, { id: "relay", isForeign: false }, (socket) => proxy.accept(socket));
}
