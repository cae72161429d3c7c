/** Two lenient neighbours disagree about where a request ends, and a stranger's request is smuggled in (law 2). */
import type { ClientExchange } from "../actors/client.ts";
import { LenientServer } from "../actors/lenient.ts";
import { neighbourOf, PROXY } from "../actors/middles.ts";
import { scenario } from "../scenario.ts";
import { castProxy, isWell, measure, newClient } from "./common.ts";

interface Facts {
  readonly attack: ClientExchange;
  readonly victim: ClientExchange;
  readonly executed: readonly string[];
}

const SMUGGLED = "GET /admin HTTP/1.1\r\nX-Rest: ";
const BODY = `0\r\n\r\n${SMUGGLED}`;
const ATTACK = [
  "POST /search HTTP/1.1",
  "Host: www.example",
  `Content-Length: ${BODY.length}`,
  "Transfer-Encoding: chunked",
  "",
  BODY,
].join("\r\n");

const isRobbed = ({ victim }: Facts) => victim.body.includes("administrator");

export const desync = scenario<Facts>({
  name: "desync",
  title: { en: "Where does a request end? Smuggling", ko: "요청은 어디서 끝나는가: 요청 밀반입(request smuggling)" },
  statements: [],
  proxies: ["lenient", "hopwise"],
  rtt_ms: 20,
  emphasis: /^(?:Content-Length|Transfer-Encoding):/i,

  async direct(stage, middle) {
    stage.cast("attacker", "client", { en: "attacker", ko: "공격자" });
    stage.cast("victim", "client", { en: "victim", ko: "피해자" });
    castProxy(stage, middle);
    stage.cast("server", "server", { en: "lenient server", ko: "관대한 서버" });
    const server = new LenientServer();
    const place = await stage.listen(
      "server",
      neighbourOf(middle),
      (socket) => server.accept(socket),
      middle.originPort,
    );
    const door = await middle.start(stage, place, {});
    const attacker = newClient(stage, "attacker", door, { version: "1.1" });
    const victimClient = newClient(stage, "victim", door, { version: "1.1" });
    const attack = await attacker.sendRaw(ATTACK, "/search", { method: "POST" });
    const victim = await victimClient.request("/home");
    return { attack, victim, executed: server.executed };
  },

  judge(facts) {
    const { attack, victim, executed } = facts;
    const measures = [
      measure("requests that clients sent", "클라이언트가 보낸 요청", 2, "requests"),
      measure("requests that the server executed", "서버가 처리한 요청", executed.length, "requests"),
      measure("status of the attack's answer", "공격에 대한 응답의 상태 코드", attack.status, ""),
    ];
    if (isRobbed(facts)) {
      return {
        outcome: "fails",
        verdict: {
          en: `The victim asked for /home and got: "${victim.body.trim()}". The server executed a request that no client sent.`,
          ko: `피해자는 /home을 요청했는데 "${victim.body.trim()}"을 받았습니다. 서버는 아무도 보낸 적 없는 요청을 처리했습니다.`,
        },
        measures,
      };
    }
    const isGood = isWell(victim) && victim.body.includes("/home");
    return {
      outcome: isGood ? "works" : "fails",
      verdict: isGood
        ? {
            en: `The ambiguous request is answered with ${attack.status}, and the victim gets its own answer.`,
            ko: `모호한 요청은 ${attack.status} 응답을 받고, 피해자는 자기 응답을 받습니다.`,
          }
        : { en: "The victim gets no proper answer.", ko: "피해자가 제대로 된 응답을 받지 못합니다." },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "attacker" },
      text: {
        en: "One request that says its length twice: with Content-Length and with chunks. By chunks its body ends at once.",
        ko: "길이를 두 번 말하는 요청입니다. Content-Length와 청크인데, 청크로 보면 본문은 바로 끝납니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "server", contains: /POST/ },
      proxies: ["lenient"],
      text: {
        en: "The proxy believes Content-Length: all of it is one request. It passes it on as it came.",
        ko: "프록시는 Content-Length를 믿고 전부를 요청 하나로 봅니다. 그리고 받은 그대로 넘깁니다.",
      },
    },
    {
      on: { kind: "message", by: "server", contains: /search/ },
      proxies: ["lenient"],
      text: {
        en: "The server believes the chunks: the rest is the beginning of another request, and waits for its end.",
        ko: "서버는 청크를 믿습니다. 남은 부분은 다음 요청의 앞부분이 되어 뒤가 오기를 기다립니다.",
      },
    },
    {
      on: { kind: "message", by: "victim" },
      text: { en: "Another client sends an honest request.", ko: "다른 사람이 정상적인 요청을 보냅니다." },
    },
    {
      on: { kind: "message", by: PROXY, towards: "victim" },
      proxies: ["lenient"],
      text: {
        en: "It completed the smuggled request, so the victim gets the answer to that one.",
        ko: "이 요청이 밀반입된 요청의 뒤를 채웠고, 보낸 사람은 엉뚱한 응답을 받습니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "attacker" },
      proxies: ["hopwise"],
      text: {
        en: "hopwise does not choose between two lengths: ambiguous framing is refused, and the connection closes.",
        ko: "hopwise는 두 길이 가운데 하나를 고르지 않습니다. 모호한 요청은 거절하고 연결을 닫습니다.",
      },
    },
  ],

  claims: [
    { says: "the victim gets an answer to a request that it did not send", proxies: ["lenient"], holds: isRobbed },
    {
      says: "the server executes the smuggled request",
      proxies: ["lenient"],
      holds: ({ executed }) => executed.includes("GET /admin HTTP/1.1"),
    },
    {
      says: "the ambiguous request is refused and never reaches the server",
      proxies: ["hopwise"],
      holds: ({ attack, executed }) => attack.status === 400 && executed.length === 1,
    },
    {
      says: "the victim gets its own answer",
      proxies: ["hopwise"],
      holds: ({ victim }) => isWell(victim) && victim.body === "answer to /home\n",
    },
  ],

  moral: {
    en: "Where a message ends is decided once, strictly. A message with two lengths is refused.",
    ko: "메시지의 끝은 한 번만, 엄격하게 정해야 합니다. 길이가 둘인 메시지는 거절합니다.",
  },
  sources: ["RFC 9112 section 6.1", "RFC 9112 section 6.3", "RFC 9112 section 11.2"],
});
