/** A request that crosses a FIN: either side may close at any time, also right now (S15). */
import type { ClientExchange, LabClient } from "../actors/client.ts";
import { PROXY } from "../actors/middles.ts";
import type { LabServer } from "../actors/server.ts";
import { scenario } from "../scenario.ts";
import { castProxy, endingText, isWell, measure, newClient, startServer, titles } from "./common.ts";

interface Facts {
  readonly order: ClientExchange;
  readonly page: ClientExchange;
  readonly server: LabServer;
}

const executed = ({ server }: Facts, target: string) => server.served.filter((it) => it.target === target).length;

export const closeRaces = scenario<Facts>({
  name: "close-races",
  title: { en: "The request that crosses a FIN", ko: "FIN과 엇갈린 요청" },
  statements: ["S15"],
  proxies: ["none", "hopwise"],
  alsoWith: ["naive"],
  rtt_ms: 100,

  async direct(stage, middle) {
    const { timeout_ms } = stage.pace;
    const { rtt_ms } = stage.network;
    stage.cast("client", "client", titles.http11Client);
    castProxy(stage, middle);
    stage.cast("server", "server", {
      en: `server that closes silently after ${timeout_ms / 1_000} s`,
      ko: `${timeout_ms / 1_000}초 뒤에 말없이 닫는 서버`,
    });
    const { server, place } = await startServer(stage, middle, { version: "1.1", persists: "by-default", timeout_ms });
    const door = await middle.start(stage, place, {});
    const client = newClient(stage, "client", door, { version: "1.1" });
    // So that the request sets out on the last hop just when the server closes: neither knows of the other yet.
    const hops = middle.kind === "none" ? 1 : 2;
    const untilRace_ms = timeout_ms - (hops - 0.5) * rtt_ms;
    const race = async (send: (client: LabClient) => Promise<ClientExchange>) => {
      await client.request("/warm-up");
      await stage.pause("client", untilRace_ms, { en: "idles, almost too long", ko: "아슬아슬할 만큼 오래 쉽니다" });
      const exchange = await send(client);
      // Whatever was idle meanwhile is closed by now, and seen to be.
      await stage.sleep(timeout_ms);
      await stage.settle();
      return exchange;
    };
    const order = await race((it) => it.request("/order", { method: "POST", body: "one pizza" }));
    const page = await race((it) => it.request("/page"));
    return { order, page, server };
  },

  judge(facts) {
    const { order, page } = facts;
    const measures = [
      measure("orders that were placed", "접수된 주문", executed(facts, "/order"), "requests"),
      measure("status of the order's answer (0: none)", "주문 응답의 상태 코드 (0이면 없음)", order.status, ""),
      measure("status of the page's answer (0: none)", "페이지 응답의 상태 코드 (0이면 없음)", page.status, ""),
    ];
    if (isWell(order) && isWell(page)) {
      return {
        outcome: "works",
        verdict: {
          en: `Both requests are answered, and the order was placed ${executed(facts, "/order") === 1 ? "exactly once" : `${executed(facts, "/order")} times`}.`,
          ko: `두 요청 모두 응답을 받고, 주문은 ${executed(facts, "/order") === 1 ? "정확히 한 번" : `${executed(facts, "/order")}번`} 접수되었습니다.`,
        },
        measures,
      };
    }
    const lost = isWell(order) ? page : order;
    if (lost.ending === "answered") {
      return {
        outcome: "fails",
        verdict: {
          en: `The client gets ${lost.status}, although client and server are both well.`,
          ko: `클라이언트도 서버도 멀쩡한데 클라이언트는 ${lost.status} 응답을 받습니다.`,
        },
        measures,
      };
    }
    const { en, ko } = endingText(lost);
    return {
      outcome: "fails",
      verdict: {
        en: `The request ${en}; the client cannot know whether it was executed.`,
        ko: `요청은 ${ko}. 서버가 처리했는지 클라이언트는 알 수 없습니다.`,
      },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "client", contains: /POST \/order/ },
      text: {
        en: "The client sends an order on its connection, which looks as open as before.",
        ko: "클라이언트가 주문을 보냅니다. 연결은 여전히 열려 있는 것처럼 보입니다.",
      },
    },
    {
      on: { kind: "close", by: "server", how: "FIN" },
      text: {
        en: "At the same moment the server's timeout ends: FIN. The two cross on the wire.",
        ko: "바로 그 순간 서버의 타임아웃이 끝나 FIN을 보냅니다. 둘은 도중에 엇갈립니다.",
      },
    },
    {
      on: { kind: "close", by: "client" },
      proxies: ["none"],
      text: {
        en: "Instead of an answer the client gets the FIN. Its request reached a server that had closed already.",
        ko: "클라이언트에게는 응답 대신 FIN이 옵니다. 요청이 도착했을 때 서버는 이미 닫은 뒤였습니다.",
      },
    },
    {
      on: { kind: "open", by: PROXY, towards: "server" },
      proxies: ["hopwise"],
      text: { en: "The first request opens a connection to the server.", ko: "첫 번째 요청이 서버와의 연결을 엽니다." },
    },
    {
      on: { kind: "open", by: PROXY, towards: "server" },
      proxies: ["hopwise"],
      text: {
        en: "An order must not be repeated, and how long this server keeps connections is not known yet: hopwise takes a fresh one.",
        ko: "주문은 다시 보낼 수 없는 요청이고, 이 서버가 연결을 얼마나 유지하는지도 아직 모릅니다. 그래서 hopwise는 새 연결을 씁니다.",
      },
    },
    {
      on: { kind: "note", by: PROXY },
      proxies: ["hopwise"],
      text: {
        en: "hopwise has seen how long this server waits: from now on it retires connections before the server closes them.",
        ko: "방금 본 닫힘에서 배웁니다. 이제 hopwise는 서버가 닫기 전에 먼저 그 연결의 사용을 그만둡니다.",
      },
    },
  ],

  claims: [
    {
      says: "the order is lost on its way, and was not executed",
      proxies: ["none"],
      holds: (facts) => ["reset", "closed"].includes(facts.order.ending) && executed(facts, "/order") === 0,
    },
    {
      says: "the client gets 502 for its order",
      proxies: ["naive"],
      holds: ({ order }) => order.ending === "answered" && order.status === 502,
    },
    {
      says: "the order is answered and was executed exactly once",
      proxies: ["hopwise"],
      holds: (facts) => isWell(facts.order) && executed(facts, "/order") === 1,
    },
    { says: "the page is answered", proxies: ["hopwise"], holds: ({ page }) => isWell(page) },
    {
      says: "it has learned the server's lifetime",
      proxies: ["hopwise"],
      holds: (_facts, stage) => stage.stepsOf("note").some(({ actor }) => actor === PROXY),
    },
  ],

  moral: {
    en: "An idle connection may be closing already. A request that must not be repeated does not belong on a connection near its end.",
    ko: "쉬고 있는 연결은 이미 닫히는 중일 수 있습니다. 다시 보낼 수 없는 요청은 수명이 다해 가는 연결로 보내서는 안 됩니다.",
  },
  sources: ["RFC 9112 section 9.3.1", "RFC 9112 section 9.5", "RFC 9110 section 9.2.2"],
});
