/** What scenarios have in common: a client on the left, a server on the right, and a proxy or none between them. */
import { type ClientExchange, type ClientTemper, type Door, LabClient } from "../actors/client.ts";
import { type Middle, neighbourOf, PROXY } from "../actors/middles.ts";
import { LabServer, type ServerTemper } from "../actors/server.ts";
import type { Measure, Text } from "../play.ts";
import { NOTABLE_MS, type Place, type Stage, timeText } from "../stage.ts";

export const titles = {
  http10Client: { en: "HTTP/1.0 client", ko: "HTTP/1.0 클라이언트" },
  keepAliveClient: { en: "HTTP/1.0 client with keep-alive", ko: "keep-alive를 쓰는 HTTP/1.0 클라이언트" },
  http11Client: { en: "HTTP/1.1 client", ko: "HTTP/1.1 클라이언트" },
  http10Server: { en: "HTTP/1.0 server", ko: "HTTP/1.0 서버" },
  keepAliveServer: { en: "HTTP/1.0 server with keep-alive", ko: "keep-alive를 지원하는 HTTP/1.0 서버" },
  http11Server: { en: "HTTP/1.1 server", ko: "HTTP/1.1 서버" },
} satisfies Record<string, Text>;

export const KEEP_ALIVE = "Connection: Keep-Alive";

export function castProxy(stage: Stage, middle: Middle): void {
  if (middle.kind !== "none") stage.cast(PROXY, "proxy", middle.title);
}

/** A server of this temper, where whoever stands in the middle finds it. */
export async function startServer(
  stage: Stage,
  middle: Middle,
  temper: ServerTemper,
): Promise<{ readonly server: LabServer; readonly place: Place }> {
  const server = newServer(stage, "server", temper);
  const place = await stage.listen("server", neighbourOf(middle), (socket) => server.accept(socket), middle.originPort);
  return { server, place };
}

export function newServer(stage: Stage, id: string, temper: ServerTemper): LabServer {
  return new LabServer(stage.clock, temper, {
    idled: (since_ms) => {
      const passed = timeText(stage.clock.now() - since_ms);
      stage.waited(id, since_ms, false, {
        en: `the connection idles for ${passed.en}: its timeout`,
        ko: `연결이 ${passed.ko} 동안 쉬었습니다. 타임아웃입니다`,
      });
    },
    queued: () =>
      stage.note(id, {
        en: "all workers are taken: the newcomer waits in line",
        ko: "모든 워커가 차 있어 새로 온 사용자는 줄에서 기다립니다",
      }),
  });
}

export function newClient(
  stage: Stage,
  id: string,
  door: Door,
  temper: Partial<ClientTemper> & Pick<ClientTemper, "version">,
): LabClient {
  const ports = { dialer: stage.dialerOf(id), clock: stage.clock, ...stage.clientHooks(id) };
  return new LabClient(ports, door, { fields: [], patience_ms: stage.pace.patience_ms, ...temper });
}

export const readsPage: Text = { en: "reads the page", ko: "페이지를 읽습니다" };

export function isAnswered({ ending }: ClientExchange): boolean {
  return ending === "answered";
}

/** Answered with success. */
export function isWell({ ending, status }: ClientExchange): boolean {
  return ending === "answered" && status >= 200 && status < 300;
}

export function measure(en: string, ko: string, value: number, unit: string): Measure {
  return { name: { en, ko }, value: Math.round(value * 10) / 10, unit };
}

/** "1 connection", "3 connections". */
export function counted(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}

/** Connections that clients dialed, as seen from their side. */
export function connectionsFrom(stage: Stage, actor: string): number {
  return stage.recorder.connections.filter(({ from }) => from === actor).length;
}

export function connectionsTo(stage: Stage, actor: string): number {
  return stage.recorder.connections.filter(({ to }) => to === actor).length;
}

/** How it ended, in words that fit behind "the request". */
export function endingText({ ending, waited_ms }: ClientExchange): Text {
  const time = timeText(waited_ms);
  switch (ending) {
    case "answered":
      return { en: `is answered after ${time.en}`, ko: `${time.ko} 만에 응답을 받습니다` };
    case "gave-up":
      return {
        en: `hangs for ${time.en} until the client gives up`,
        ko: `${time.ko} 동안 멈춰 있다가 클라이언트가 포기합니다`,
      };
    case "closed":
      if (waited_ms < NOTABLE_MS) {
        return {
          en: "is lost: the connection closes without an answer",
          ko: "응답 없이 연결이 닫혀 사라집니다",
        };
      }
      return {
        en: `hangs for ${time.en} until the connection closes without an answer`,
        ko: `${time.ko} 동안 멈춰 있다가 응답 없이 연결이 닫힙니다`,
      };
    case "reset":
      return { en: "is lost to a reset", ko: "리셋(RST)으로 사라집니다" };
    case "unreachable":
      return { en: "cannot connect", ko: "연결하지 못합니다" };
  }
}
