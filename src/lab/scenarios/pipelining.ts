/** Several requests at once, answered in order: what it saves, and who waits for whom. */
import type { ClientExchange } from "../actors/client.ts";
import { scenario } from "../scenario.ts";
import { castProxy, isWell, measure, newClient, startServer, titles } from "./common.ts";

interface Facts {
  readonly sequential_ms: number;
  readonly pipelined_ms: number;
  readonly pipelined: readonly ClientExchange[];
  /** A quick request behind a slow one. */
  readonly behind: readonly ClientExchange[];
}

const TARGETS = ["/1", "/2", "/3"] as const;
const SLOW_MS = 400;

const isOwnAnswer = ({ target, body }: ClientExchange) => body === `GET ${target}\n`;

export const pipelining = scenario<Facts>({
  name: "pipelining",
  title: { en: "Pipelining: many questions, answers in order", ko: "파이프라이닝: 한꺼번에 묻고 순서대로 답하기" },
  statements: ["S13"],
  proxies: ["none", "hopwise"],
  rtt_ms: 50,

  async direct(stage, middle) {
    stage.cast("client", "client", titles.http11Client);
    castProxy(stage, middle);
    stage.cast("server", "server", titles.http11Server);
    const { place } = await startServer(stage, middle, {
      version: "1.1",
      persists: "by-default",
      timeout_ms: stage.pace.timeout_ms,
      respond: ({ target }) => (target === "/slow" ? { delay_ms: SLOW_MS } : {}),
    });
    const door = await middle.start(stage, place, {});
    const client = newClient(stage, "client", door, { version: "1.1" });
    await client.request("/0");
    const began_ms = stage.clock.now();
    for (const target of TARGETS) await client.request(target);
    const turned_ms = stage.clock.now();
    const pipelined = await client.pipeline(TARGETS);
    const ended_ms = stage.clock.now();
    const behind = await client.pipeline(["/slow", "/quick"]);
    return { sequential_ms: turned_ms - began_ms, pipelined_ms: ended_ms - turned_ms, pipelined, behind };
  },

  judge({ sequential_ms, pipelined_ms, pipelined, behind }) {
    const [one, other] = [Math.round(sequential_ms), Math.round(pipelined_ms)];
    const quick = behind[1];
    const measures = [
      measure("three requests, one after the other", "하나씩 보낸 요청 세 번", one, "ms"),
      measure("three requests at once", "한꺼번에 보낸 요청 세 번", other, "ms"),
      measure(
        "a quick request behind a slow one waits",
        "느린 요청 뒤에 선 빠른 요청의 대기 시간",
        quick?.waited_ms ?? 0,
        "ms",
      ),
    ];
    if (![...pipelined, ...behind].every((it) => isWell(it) && isOwnAnswer(it))) {
      const answered = pipelined.filter(isWell).length;
      return {
        outcome: "fails",
        verdict: {
          en: `Of three requests sent at once ${answered} ${answered === 1 ? "is" : "are"} answered.`,
          ko: `한꺼번에 보낸 요청 셋 가운데 ${answered}개만 응답을 받습니다.`,
        },
        measures,
      };
    }
    return {
      outcome: "works at a price",
      verdict: {
        en: `Three requests take ${other} ms at once and ${one} ms one after the other; but the quick one waits ${Math.round(quick?.waited_ms ?? 0)} ms behind the slow one.`,
        ko: `한꺼번에 보내면 ${other}ms, 하나씩 보내면 ${one}ms입니다. 그러나 빠른 요청도 느린 요청 뒤에서는 ${Math.round(quick?.waited_ms ?? 0)}ms를 기다립니다.`,
      },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "client", contains: /GET \/1 / },
      text: {
        en: "One after the other: each request waits for the answer before it.",
        ko: "하나씩 보내면 앞의 응답을 받고 나서야 다음 요청을 보냅니다.",
      },
    },
    {
      on: { kind: "message", by: "client", contains: /GET \/1 / },
      text: { en: "Now all three at once, without waiting.", ko: "이번에는 기다리지 않고 셋을 한꺼번에 보냅니다." },
    },
    {
      on: { kind: "message", by: "client", contains: /GET \/quick/ },
      text: {
        en: "A quick one right behind a slow one.",
        ko: "느린 요청 바로 뒤에 빠른 요청을 보냅니다.",
      },
    },
    {
      on: { kind: "message", towards: "client", contains: /GET \/quick/ },
      text: {
        en: "Responses carry no number; only their order says which request they answer. So the quick one had to wait.",
        ko: "응답에는 번호가 없어 순서만이 짝을 알려 줍니다. 그래서 빠른 응답도 차례를 기다려야 했습니다.",
      },
    },
  ],

  claims: [
    {
      says: "answers come in order, each its own",
      proxies: ["none", "hopwise"],
      holds: ({ pipelined, behind }) => [...pipelined, ...behind].every((it) => isWell(it) && isOwnAnswer(it)),
    },
    {
      says: "at once is quicker than one after the other",
      proxies: ["none", "hopwise"],
      holds: ({ sequential_ms, pipelined_ms }, { network }) => sequential_ms - pipelined_ms > network.rtt_ms,
    },
    {
      says: "a quick answer waits for the slow one before it",
      proxies: ["none", "hopwise"],
      holds: ({ behind: [slow, quick] }) => (slow?.waited_ms ?? 0) >= SLOW_MS && (quick?.waited_ms ?? 0) >= SLOW_MS,
    },
  ],

  comparison: {
    en: "hopwise is slower here for two reasons. It adds a hop, and the lab gives each hop a round trip of its own. And it does not pipeline to the server: it sends the next request when the response before it has come, because after a close in between nobody could tell which requests were executed.",
    ko: "hopwise가 더 느린 까닭은 둘입니다. 우선 홉이 하나 늘고, 실험실은 홉마다 왕복 시간을 똑같이 줍니다. 그리고 hopwise는 서버 쪽으로는 파이프라이닝을 하지 않고, 앞의 응답이 온 뒤에 다음 요청을 보냅니다. 중간에 연결이 닫히면 어느 요청까지 처리되었는지 알 수 없기 때문입니다.",
  },
  moral: {
    en: "Pipelining saves round trips, and one slow answer holds up all behind it.",
    ko: "파이프라이닝은 왕복을 줄여 주지만, 느린 응답 하나가 뒤의 모든 응답을 막습니다.",
  },
  sources: ["RFC 9112 section 9.3.2"],
});
