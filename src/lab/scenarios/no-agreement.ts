/** A server that does not answer `Connection: keep-alive` has not agreed (S5). */
import type { ClientExchange } from "../actors/client.ts";
import { PROXY } from "../actors/middles.ts";
import { scenario } from "../scenario.ts";
import { castProxy, isWell, KEEP_ALIVE, measure, newClient, readsPage, startServer, titles } from "./common.ts";

interface Facts {
  readonly first: ClientExchange;
  readonly second: ClientExchange;
}

const agrees = ({ first }: Facts) => /keep-alive/i.test(first.field("connection") ?? "");

export const noAgreement = scenario<Facts>({
  name: "no-agreement",
  title: { en: "No answer means no agreement", ko: "대답이 없으면 동의하지 않은 것" },
  statements: ["S5"],
  proxies: ["none", "hopwise"],
  rtt_ms: 20,

  async direct(stage, middle) {
    stage.cast("client", "client", titles.keepAliveClient);
    castProxy(stage, middle);
    stage.cast("server", "server", titles.http10Server);
    const { place } = await startServer(stage, middle, {
      version: "1.0",
      persists: "never",
      timeout_ms: stage.pace.timeout_ms,
    });
    const door = await middle.start(stage, place, {});
    const client = newClient(stage, "client", door, { version: "1.0", fields: [KEEP_ALIVE] });
    const first = await client.request("/page");
    await stage.pause("client", stage.pace.pause_ms, readsPage);
    const second = await client.request("/image");
    return { first, second };
  },

  judge(facts) {
    const { first, second } = facts;
    const measures = [
      measure("first request", "첫 번째 요청", first.took_ms, "ms"),
      measure("second request", "두 번째 요청", second.took_ms, "ms"),
    ];
    if (!isWell(first) || !isWell(second)) {
      return {
        outcome: "fails",
        verdict: { en: "Not every request was answered.", ko: "응답을 받지 못한 요청이 있습니다." },
        measures,
      };
    }
    if (second.isReused) {
      return {
        outcome: "works",
        verdict: {
          en: `The client's neighbour agreed, although the server never did: both requests travel on port ${first.port}.`,
          ko: `서버는 동의하지 않았지만 클라이언트의 이웃이 동의했습니다. 두 요청 모두 포트 ${first.port}로 갑니다.`,
        },
        measures,
      };
    }
    return {
      outcome: "works at a price",
      verdict: {
        en: `Nobody agreed, so the second request opens a new connection: port ${first.port}, then ${second.port}.`,
        ko: `동의가 없었으므로 두 번째 요청은 연결을 새로 엽니다. 포트가 ${first.port}에서 ${second.port}로 바뀝니다.`,
      },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "client", contains: /GET \/page/ },
      text: { en: "The client asks for keep-alive.", ko: "클라이언트가 keep-alive를 요청합니다." },
    },
    {
      on: { kind: "message", by: "server", towards: "client" },
      text: {
        en: "The answer has no `Connection: keep-alive`: the server did not agree; perhaps it does not know the field.",
        ko: "응답에 `Connection: keep-alive`가 없습니다. 서버가 동의하지 않은 것입니다. 그런 헤더를 모르는 서버일 수도 있습니다.",
      },
    },
    {
      on: { kind: "open", by: "client" },
      text: { en: "The first connection.", ko: "첫 번째 연결입니다." },
    },
    {
      on: { kind: "open", by: "client" },
      proxies: ["none", "dumb"],
      text: { en: "So the second request opens another one.", ko: "그래서 두 번째 요청은 연결을 새로 엽니다." },
    },
    {
      on: { kind: "message", by: PROXY, towards: "client", contains: /Connection: keep-alive/i },
      proxies: ["hopwise"],
      text: {
        en: "hopwise agrees for its own hop. What the server does with the other hop is a separate matter.",
        ko: "hopwise는 자기 홉에 대해서만 동의합니다. 서버 쪽 홉이 어떻게 되는지는 별개의 문제입니다.",
      },
    },
  ],

  claims: [
    {
      says: "both requests are answered",
      proxies: ["none", "hopwise"],
      holds: ({ first, second }) => isWell(first) && isWell(second),
    },
    {
      says: "the answer does not agree, and the client opens a second connection",
      proxies: ["none"],
      holds: (facts) => !agrees(facts) && facts.second.port !== facts.first.port,
    },
    {
      says: "hopwise agrees on its hop, and the client keeps its connection",
      proxies: ["hopwise"],
      holds: (facts) => agrees(facts) && facts.second.port === facts.first.port,
    },
  ],

  comparison: {
    en: "hopwise is slower here because it adds a hop, and the lab gives each hop a round trip of its own. The server closes after each response, so both requests pay for a handshake on the second hop; the client saves the one on the first.",
    ko: "hopwise가 더 느린 까닭은 홉이 하나 늘기 때문이며, 실험실은 홉마다 왕복 시간을 똑같이 줍니다. 서버가 응답마다 연결을 닫으므로 두 번째 홉에서는 두 요청 모두 핸드셰이크 비용이 듭니다. 클라이언트가 아끼는 것은 첫 번째 홉의 핸드셰이크입니다.",
  },
  moral: {
    en: "Without the field in the response there is no agreement. Agreements are made hop by hop.",
    ko: "응답에 그 헤더가 없으면 약속도 없습니다. 약속은 홉마다 따로 맺습니다.",
  },
  sources: ["RFC 2068 section 19.7.1", "RFC 9112 section 9.3"],
});
