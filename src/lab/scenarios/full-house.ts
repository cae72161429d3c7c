/** Sockets are finite: idle connections keep others out, unless one of them gives way (S7, S8). */
import type { ClientExchange } from "../actors/client.ts";
import { PROXY } from "../actors/middles.ts";
import { scenario } from "../scenario.ts";
import { timeText } from "../stage.ts";
import { castProxy, endingText, isWell, measure, newClient, startServer } from "./common.ts";

interface Facts {
  readonly guests: readonly ClientExchange[];
  readonly newcomer: ClientExchange;
  /** The first guest comes back at the end. */
  readonly returning: ClientExchange;
  /** Ports whose connection was evicted. */
  readonly evicted: readonly number[];
}

const ROOM = 3;
/** Longer than this, and nobody calls it served. */
const PATIENT_MS = 500;

export const fullHouse = scenario<Facts>({
  name: "full-house",
  title: { en: "A full house: idle connections keep others out", ko: "만석: 쉬는 연결이 새 사용자를 막습니다" },
  statements: ["S7", "S8"],
  proxies: ["none", "hopwise"],
  rtt_ms: 10,

  async direct(stage, middle) {
    const guestIds = Array.from({ length: ROOM }, (_, index) => `guest${index + 1}`);
    for (const [index, id] of guestIds.entries()) {
      stage.cast(id, "client", { en: `guest ${index + 1}`, ko: `손님 ${index + 1}` });
    }
    stage.cast("newcomer", "client", { en: "newcomer", ko: "새 사용자" });
    castProxy(stage, middle);
    stage.cast("server", "server", { en: `server with ${ROOM} workers`, ko: `워커가 ${ROOM}개인 서버` });
    const { place } = await startServer(stage, middle, {
      version: "1.1",
      persists: "by-default",
      timeout_ms: stage.pace.timeout_ms,
      workers: ROOM,
    });
    const door = await middle.start(stage, place, { maxConnections: ROOM });
    const clients = guestIds.map((id) => newClient(stage, id, door, { version: "1.1" }));
    const guests: ClientExchange[] = [];
    for (const client of clients) guests.push(await client.request("/menu"));
    const newcomer = await newClient(stage, "newcomer", door, { version: "1.1" }).request("/menu");
    const evicted = stage.stepsOf("close").filter(({ reason }) => reason === "evicted");
    // Not in the very moment in which its place is taken: then its request would cross the FIN.
    await stage.settle();
    const returning = await (clients[0] as (typeof clients)[number]).request("/bill");
    const portOf = new Map(stage.recorder.connections.map(({ id, port }) => [id, port]));
    return { guests, newcomer, returning, evicted: evicted.map(({ connection }) => portOf.get(connection) ?? 0) };
  },

  judge({ guests, newcomer, evicted }) {
    const measures = [
      measure(
        "guests whose connections idle",
        "자리를 차지하고 쉬는 손님",
        guests.filter(isWell).length,
        "connections",
      ),
      measure("the newcomer waits", "새 사용자의 대기 시간", newcomer.took_ms, "ms"),
      measure("connections that gave way", "자리를 비켜 준 연결", evicted.length, "connections"),
    ];
    if (!isWell(newcomer)) {
      const { en, ko } = endingText(newcomer);
      return { outcome: "fails", verdict: { en: `The newcomer ${en}.`, ko: `새 사용자는 ${ko}.` }, measures };
    }
    if (newcomer.took_ms > PATIENT_MS) {
      return {
        outcome: "fails",
        verdict: {
          en: `The newcomer is shut out for ${timeText(newcomer.took_ms).en} by connections that nobody uses, until one of them times out.`,
          ko: `아무도 쓰지 않는 연결들 때문에 새 사용자는 ${timeText(newcomer.took_ms).ko} 동안 들어오지 못합니다. 그중 하나가 타임아웃되어야 차례가 옵니다.`,
        },
        measures,
      };
    }
    return {
      outcome: "works",
      verdict: {
        en: `The newcomer is served after ${timeText(newcomer.took_ms).en}: ${evicted.length === 0 ? "there was room for one more" : "the connection that had idled longest gave way"}.`,
        ko: `${evicted.length === 0 ? "자리가 남아 있어" : "가장 오래 쉰 연결이 자리를 비켜 주어"} 새 사용자는 ${timeText(newcomer.took_ms).ko} 만에 응답을 받습니다.`,
      },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "guest1", contains: /menu/ },
      text: { en: "The guests come, order, and stay.", ko: "손님들이 차례로 들어와 주문하고, 그대로 머무릅니다." },
    },
    {
      on: { kind: "open", by: "newcomer" },
      text: {
        en: "All places are taken by connections on which nothing happens. A newcomer arrives.",
        ko: "자리가 모두 찼습니다. 하지만 어느 연결에서도 아무 일이 일어나지 않습니다. 이때 새 사용자가 옵니다.",
      },
    },
    {
      on: { kind: "note", by: "server" },
      text: {
        en: "The system has accepted the connection, but no worker is free to read from it.",
        ko: "운영체제는 연결을 받아 두었지만, 들어 줄 워커가 없습니다.",
      },
    },
    {
      on: { kind: "close", by: "server" },
      proxies: ["none"],
      text: {
        en: "The first guest's timeout: a place is free at last. This is why a timeout is needed.",
        ko: "첫 번째 손님이 타임아웃되어 드디어 자리가 납니다. 타임아웃이 필요한 까닭입니다.",
      },
    },
    {
      on: { kind: "close", by: PROXY },
      proxies: ["hopwise"],
      text: {
        en: "hopwise closes the connection that had gone unused the longest, to make room for the newcomer.",
        ko: "hopwise는 가장 오래 쉰 연결을 닫습니다. 쉬는 쪽이 오는 쪽에 자리를 내줍니다.",
      },
    },
    {
      on: { kind: "message", by: "guest1", contains: /bill/ },
      text: {
        en: "The first guest comes back on a new connection, and has lost nothing.",
        ko: "자리를 비웠던 손님은 새 연결로 돌아옵니다. 잃은 것은 없습니다.",
      },
    },
  ],

  claims: [
    {
      says: "the guests are served",
      proxies: ["none", "hopwise"],
      holds: ({ guests }) => guests.length === ROOM && guests.every(isWell),
    },
    {
      says: "the newcomer is shut out until the first guest's timeout",
      proxies: ["none"],
      holds: ({ newcomer }, { pace }) => newcomer.took_ms > pace.timeout_ms * 0.6,
    },
    {
      says: "the newcomer is served at once, and the guest who idled longest gave way",
      proxies: ["hopwise"],
      holds: ({ newcomer, guests, evicted }) =>
        isWell(newcomer) && newcomer.took_ms < PATIENT_MS && evicted.length === 1 && evicted[0] === guests[0]?.port,
    },
    {
      says: "the guest that gave way can come back",
      proxies: ["none", "hopwise"],
      holds: ({ returning, guests }) => isWell(returning) && returning.port !== guests[0]?.port,
    },
  ],

  moral: {
    en: "Held connections are finite. The answer is not to do without keep-alive, but to let the connection that has idled longest give way.",
    ko: "유지할 수 있는 연결의 수에는 한도가 있습니다. keep-alive를 포기할 것이 아니라, 가장 오래 쉰 연결이 자리를 내주면 됩니다.",
  },
  sources: ["RFC 9112 section 9.4", "RFC 9112 section 9.5"],
});
