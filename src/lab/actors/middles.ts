/**
 * Who may stand in the middle: nobody, one of the lab's proxies, or a real one by its URL.
 *
 * Each is started in front of a server that listens already, and says where clients go. Deliberately absent: the
 * scenarios' own second proxies.
 */
import type { ProxyOptions } from "../../config/public-options.ts";
import type { Text } from "../play.ts";
import { doorTo, type Place, type Stage } from "../stage.ts";
import type { Door } from "./client.ts";
import { DumbProxy } from "./dumb-proxy.ts";
import { HopwiseActor } from "./hopwise-proxy.ts";
import { LenientProxy } from "./lenient.ts";
import { startNaiveProxy } from "./naive-proxy.ts";

export const middleKinds = ["none", "dumb", "naive", "lenient", "hopwise"] as const;
export type MiddleKind = (typeof middleKinds)[number];

/** What hopwise needs to be told in this scenario; everything else is its default. */
export type HopwiseSettings = Omit<Partial<ProxyOptions>, "to">;

export interface Middle {
  readonly kind: MiddleKind | "url";
  /** As the play names it: its kind, or its URL. */
  readonly name: string;
  readonly title: Text;
  /** Whether it brings sockets of its own, which no simulation has. */
  readonly needsSockets: boolean;
  /** Where the server must listen so that this proxy finds it; 0: anywhere. */
  readonly originPort: number;
  /** Starts it between the clients and the server. */
  start(stage: Stage, server: Place, settings: HopwiseSettings): Promise<Door>;
}

const titles: Readonly<Record<MiddleKind, Text>> = {
  none: { en: "nobody", ko: "프록시 없음" },
  dumb: { en: "dumb proxy", ko: "멍청한 프록시" },
  naive: { en: "naive proxy (node:http)", ko: "단순한 프록시 (node:http)" },
  lenient: { en: "lenient proxy", ko: "관대한 프록시" },
  hopwise: { en: "hopwise", ko: "hopwise" },
};

/** Its name as an actor. */
export const PROXY = "proxy";
const CLIENTS = { id: "client", isForeign: false };

export function middleOf(kind: MiddleKind): Middle {
  const common = { kind, name: kind, title: titles[kind], originPort: 0 };
  return { ...common, needsSockets: kind === "naive", start: starters[kind] };
}

/** A real proxy. `isForward`: it takes absolute targets; otherwise it must have been pointed at the lab's server. */
export function middleAt(url: URL, isForward: boolean, originPort: number): Middle {
  const host = url.hostname;
  const port = Number(url.port || 80);
  return {
    kind: "url",
    name: url.origin,
    title: { en: url.host, ko: url.host },
    needsSockets: true,
    originPort,
    start: async (stage, server) => {
      stage.addForeign({ actor: PROXY, host, port });
      const authority = isForward ? `${server.host}:${server.port}` : url.host;
      return { host, port, authority, targetPrefix: isForward ? `http://${authority}` : "" };
    },
  };
}

/** The neighbour that the server meets. */
export function neighbourOf({ kind }: Middle): { id: string; isForeign: boolean } {
  if (kind === "none") return CLIENTS;
  return { id: PROXY, isForeign: kind === "naive" || kind === "url" };
}

const starters: Readonly<Record<MiddleKind, Middle["start"]>> = {
  none: (_stage, server) => Promise.resolve(doorTo(server)),

  async dumb(stage, server) {
    return doorTo(await startDumb(stage, PROXY, CLIENTS, server));
  },

  async lenient(stage, server) {
    const proxy = new LenientProxy(stage.dialerOf(PROXY), { kind: "tcp", host: server.host, port: server.port });
    return doorTo(await stage.listen(PROXY, CLIENTS, (socket) => proxy.accept(socket)));
  },

  async naive(stage, server) {
    const running = await startNaiveProxy({ host: server.host, port: server.port });
    stage.onClose(() => running.close());
    return doorTo(stage.addForeign({ actor: PROXY, host: running.host, port: running.port }));
  },

  async hopwise(stage, server, settings) {
    return doorTo(await startHopwise(stage, PROXY, CLIENTS, server, settings));
  },
};

type Neighbour = Parameters<Stage["listen"]>[1];

export function startDumb(stage: Stage, id: string, neighbour: Neighbour, server: Place): Promise<Place> {
  const { host, port } = server;
  const proxy = new DumbProxy(
    stage.dialerOf(id),
    { kind: "tcp", host, port },
    {
      ignored: () =>
        stage.note(id, {
          en: "looks only at the server, and waits for it to close; what the client sends is not read",
          ko: "서버가 연결을 닫기만 기다릴 뿐, 클라이언트가 보낸 것은 읽지 않습니다",
        }),
    },
  );
  return stage.listen(id, neighbour, (socket) => proxy.accept(socket));
}

export function startHopwise(
  stage: Stage,
  id: string,
  neighbour: Neighbour,
  server: Place,
  settings: HopwiseSettings,
): Promise<Place> {
  const ports = { clock: stage.clock, dialer: stage.dialerOf(id) };
  const options = { port: 0, ...settings, to: `http://${server.host}:${server.port}` };
  const actor = new HopwiseActor(ports, options, {
    learned: (ms) =>
      stage.note(id, {
        en: `learns: this server closes connections that idle for ${(ms / 1_000).toFixed(2)} s`,
        ko: `이 서버는 ${(ms / 1_000).toFixed(2)}초 동안 쉬는 연결을 닫는다는 사실을 배웁니다`,
      }),
  });
  stage.explainedBy((socket) => actor.reasonOf(socket));
  return stage.listen(id, neighbour, (socket) => actor.accept(socket));
}
