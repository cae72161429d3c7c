/** HTTP/1.1 persists without asking, until somebody says close, or closes (S13, S14). */
import type { ClientExchange } from "../actors/client.ts";
import type { LabServer } from "../actors/server.ts";
import { scenario } from "../scenario.ts";
import { castProxy, counted, isWell, measure, newClient, readsPage, startServer, titles } from "./common.ts";

interface Facts {
  readonly exchanges: readonly ClientExchange[];
  readonly server: LabServer;
}

const TOO_LONG = 1.3;

export const persistent = scenario<Facts>({
  name: "persistent",
  title: { en: "HTTP/1.1: persistent by default", ko: "HTTP/1.1: 지속 연결이 기본" },
  statements: ["S13", "S14"],
  proxies: ["none", "hopwise"],
  rtt_ms: 20,

  async direct(stage, middle) {
    const { timeout_ms, pause_ms } = stage.pace;
    stage.cast("client", "client", titles.http11Client);
    castProxy(stage, middle);
    stage.cast("server", "server", titles.http11Server);
    const { server, place } = await startServer(stage, middle, { version: "1.1", persists: "by-default", timeout_ms });
    const door = await middle.start(stage, place, { keepAliveTimeout: timeout_ms });
    const client = newClient(stage, "client", door, { version: "1.1" });
    const exchanges = [await client.request("/1")];
    await stage.pause("client", pause_ms, readsPage);
    exchanges.push(await client.request("/2"));
    exchanges.push(await client.request("/3", { fields: ["Connection: close"] }));
    await stage.settle();
    exchanges.push(await client.request("/4"));
    await stage.pause("client", timeout_ms * TOO_LONG, {
      en: "reads for a long time",
      ko: "오랫동안 페이지를 읽습니다",
    });
    exchanges.push(await client.request("/5"));
    return { exchanges, server };
  },

  judge({ exchanges }) {
    const connections = new Set(exchanges.map(({ port }) => port)).size;
    const measures = [
      measure("requests", "요청", exchanges.length, "requests"),
      measure("connections", "연결", connections, "connections"),
    ];
    const isGood = exchanges.every(isWell);
    const isKept = exchanges[1]?.isReused === true;
    return {
      outcome: isGood ? (isKept ? "works" : "works at a price") : "fails",
      verdict: isGood
        ? {
            en: `${counted(exchanges.length, "request")} use ${counted(connections, "connection")}, and no one had to ask for keep-alive.`,
            ko: `요청 ${exchanges.length}개가 연결 ${connections}개를 씁니다. keep-alive를 요청한 쪽은 아무도 없습니다.`,
          }
        : { en: "Not every request was answered.", ko: "응답을 받지 못한 요청이 있습니다." },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "client", contains: /GET \/1/ },
      text: {
        en: "No `Connection` field at all: in HTTP/1.1 that means the connection persists.",
        ko: "`Connection` 헤더가 아예 없습니다. HTTP/1.1에서는 그것이 곧 연결을 유지한다는 뜻입니다.",
      },
    },
    {
      on: { kind: "message", by: "client", contains: /GET \/2/ },
      text: { en: "The same connection carries the next request.", ko: "다음 요청도 같은 연결로 갑니다." },
    },
    {
      on: { kind: "message", by: "client", contains: /Connection: close/ },
      text: {
        en: "`Connection: close` ends it: this is the last request on this connection.",
        ko: "`Connection: close`로 끝을 알립니다. 이 연결의 마지막 요청이라는 뜻입니다.",
      },
    },
    {
      on: { kind: "message", towards: "client", contains: /Connection: close/i },
      text: {
        en: "The answer says so, too, and the connection closes.",
        ko: "응답도 같은 말로 답하고 연결을 닫습니다.",
      },
    },
    {
      on: { kind: "close", towards: "client" },
      text: { en: "An agreed end.", ko: "서로 합의한 끝입니다." },
    },
    {
      on: { kind: "close", towards: "client" },
      text: {
        en: "This time there was no close. Persistent does not mean for ever: either side may end it when nothing is in flight.",
        ko: "이번에는 아무도 close라고 하지 않았습니다. 지속 연결은 영원한 약속이 아니므로, 오가는 것이 없을 때 어느 쪽이든 닫을 수 있습니다.",
      },
    },
    {
      on: { kind: "message", by: "client", contains: /GET \/5/ },
      text: {
        en: "The client noticed, and opened another one.",
        ko: "클라이언트는 이를 알아채고 연결을 새로 열었습니다.",
      },
    },
  ],

  claims: [
    {
      says: "every request is answered",
      proxies: ["none", "hopwise"],
      holds: ({ exchanges }) => exchanges.length === 5 && exchanges.every(isWell),
    },
    {
      says: "the connection persists although nobody asks for it",
      proxies: ["none", "hopwise"],
      holds: ({ exchanges: [first, second, third], server }) =>
        first?.port === second?.port &&
        second?.port === third?.port &&
        first?.field("connection") === undefined &&
        !/^connection:/im.test(server.served[0]?.head ?? ""),
    },
    {
      says: "close is answered with close and ends the connection",
      proxies: ["none", "hopwise"],
      holds: ({ exchanges: [, , third, fourth] }) =>
        third?.field("connection") === "close" && fourth?.port !== third.port,
    },
    {
      says: "the client's close concerns its own hop: the server's connection goes on",
      proxies: ["hopwise"],
      holds: ({ server: { served } }) => served[3]?.connection === served[2]?.connection && served[3]?.connection === 1,
    },
    {
      says: "an idle connection ends without a word, and the client copes",
      proxies: ["none", "hopwise"],
      holds: ({ exchanges: [, , , fourth, fifth] }) =>
        fourth?.field("connection") === undefined && fifth?.isReused === false && isWell(fifth),
    },
  ],

  moral: {
    en: "In HTTP/1.1 connections persist unless one side says close. Persistence is the default, not a promise.",
    ko: "HTTP/1.1에서는 close라고 말하지 않는 한 연결이 유지됩니다. 다만 지속은 기본값일 뿐, 약속은 아닙니다.",
  },
  sources: ["RFC 9112 section 9.3", "RFC 9112 section 9.6"],
});
