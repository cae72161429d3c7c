/**
 * The stage of one play: actors find each other on it, and all they say is recorded.
 *
 * It knows the network and the recorder, and hides both: an actor gets ports and nothing else. Deliberately absent: the
 * scenario's story.
 */
import type { Address, Clock, Dialer, DialHandler, GiveUp, Socket } from "../net/ports.ts";
import type { ClientHooks, Door } from "./actors/client.ts";
import type { LabNetwork } from "./network/lab-network.ts";
import type { Actor, ActorRole, Step, Text } from "./play.ts";
import { RecordedSocket } from "./recording/recorded-socket.ts";
import { Recorder } from "./recording/recorder.ts";

/** Times of a scenario: as in the lecture, or quick for tests. */
export interface Pace {
  /** The server's keep-alive timeout. */
  readonly timeout_ms: number;
  /** After which a client gives up. */
  readonly patience_ms: number;
  /** Between two requests of a client, as a reader of pages makes it. */
  readonly pause_ms: number;
}

export const humanPace: Pace = { timeout_ms: 5_000, patience_ms: 12_000, pause_ms: 1_000 };
export const quickPace: Pace = { timeout_ms: 1_000, patience_ms: 2_500, pause_ms: 100 };

/** Where an actor listens. */
export interface Place {
  readonly actor: string;
  readonly host: string;
  readonly port: number;
  /** A program of its own, which the lab does not hold at its other end. */
  readonly isForeign: boolean;
}

export interface StageOptions {
  readonly network: LabNetwork;
  readonly pace: Pace;
  readonly emphasis: RegExp;
}

/** A client that waits this much longer than a round trip or two is worth a step of its own. */
export const NOTABLE_MS = 300;
/** What the last flights of a play may take beyond their round trip. */
const SETTLE_MS = 30;

export class Stage {
  readonly network: LabNetwork;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly actors: Actor[] = [];
  /** Clients that wait for an answer, and since when. */
  readonly waiting = new Map<string, number>();
  private readonly places = new Map<number, Place>();
  private readonly sockets = new Set<Socket>();
  private readonly closers: (() => void)[] = [];
  private reasonOf: (socket: Socket) => string | undefined = () => undefined;

  constructor({ network, pace, emphasis }: StageOptions) {
    this.network = network;
    this.pace = pace;
    this.clock = network.clock;
    const { clock, rtt_ms } = network;
    this.recorder = new Recorder({ clock, rtt_ms, emphasis });
  }

  cast(id: string, role: ActorRole, title: Text): void {
    this.actors.push({ id, role, title });
  }

  titleOf(id: string): Text {
    return this.actors.find((actor) => actor.id === id)?.title ?? { en: id, ko: id };
  }

  /** Who closes connections with words of its own. */
  explainedBy(reasonOf: (socket: Socket) => string | undefined): void {
    this.reasonOf = reasonOf;
  }

  onClose(close: () => void): void {
    this.closers.push(close);
  }

  /** An actor listens. @param neighbour who connects, unless it is a client that says who it is */
  async listen(
    actor: string,
    neighbour: { readonly id: string; readonly isForeign: boolean },
    onSocket: (socket: Socket) => void,
    port?: number,
  ): Promise<Place> {
    const { rtt_ms } = this.network;
    const listener = await this.network.listen(
      neighbour,
      (socket) => {
        const { recorder } = this;
        const ports = { dialing: socket.remotePort, listening: socket.localPort };
        const now = recorder.now();
        const hop = recorder.opened(ports, neighbour.id, actor, now - 1.5 * rtt_ms, now - rtt_ms / 2, true);
        hop.isForeign.from = neighbour.isForeign;
        onSocket(this.recorded(socket, hop, "to"));
      },
      port,
    );
    this.onClose(() => listener.close());
    const place = { actor, ...listener.address, isForeign: false };
    this.places.set(place.port, place);
    return place;
  }

  /** A program of its own listens there. */
  addForeign(place: Omit<Place, "isForeign">): Place {
    const foreign = { ...place, isForeign: true };
    this.places.set(place.port, foreign);
    return foreign;
  }

  /** The way out of an actor. */
  dialerOf(actor: string): Dialer {
    return { dial: (address, handler) => this.dial(actor, address, handler) };
  }

  private dial(actor: string, address: Address, handler: DialHandler): GiveUp {
    const { recorder, network } = this;
    const place = address.kind === "tcp" ? this.places.get(address.port) : undefined;
    const isForeign = place?.isForeign ?? true;
    const began_ms = recorder.now();
    return network.dial({ isForeign }, address, {
      onConnected: (socket) => {
        const ports = { dialing: socket.localPort, listening: socket.remotePort };
        const hop = recorder.opened(ports, actor, place?.actor ?? "?", began_ms, recorder.now(), false);
        hop.isForeign.to = isForeign;
        handler.onConnected(this.recorded(socket, hop, "from"));
      },
      onFailed: (fault) => handler.onFailed(fault),
    });
  }

  private recorded(inner: Socket, hop: RecordedHop, side: "from" | "to"): Socket {
    const options = { recorder: this.recorder, hop, side, reasonOf: (socket: Socket) => this.reasonOf(socket) };
    const socket = new RecordedSocket(inner, options);
    this.sockets.add(socket);
    return socket;
  }

  // What happens without octets.

  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.clock.after(ms, resolve));
  }

  /** An actor does nothing for a while, on purpose. */
  async pause(actor: string, ms: number, text: Text): Promise<void> {
    const at_ms = this.recorder.now();
    await this.sleep(ms);
    this.recorder.add({ kind: "wait", at_ms, until_ms: this.recorder.now(), actor, isHang: false, text });
  }

  note(actor: string, text: Text): void {
    const now = this.recorder.now();
    this.recorder.add({ kind: "note", at_ms: now, until_ms: now, actor, text });
  }

  waited(actor: string, since_ms: number, isHang: boolean, text: Text): void {
    const until_ms = this.recorder.now();
    const at_ms = until_ms - (this.clock.now() - since_ms);
    this.recorder.add({ kind: "wait", at_ms, until_ms, actor, isHang, text });
  }

  /** A client's waiting becomes a step where it is longer than the network explains. */
  clientHooks(actor: string): ClientHooks {
    return {
      waits: () => void this.waiting.set(actor, this.clock.now()),
      waited: (since_ms, { ending, waited_ms }) => {
        this.waiting.delete(actor);
        if (ending === "answered" && waited_ms < NOTABLE_MS + 4 * this.network.rtt_ms) return;
        if (waited_ms < NOTABLE_MS) return;
        const isHang = ending !== "answered";
        this.waited(actor, since_ms, isHang, isHang ? inVain(waited_ms, ending) : waitsLong(waited_ms));
      },
    };
  }

  /** Lets the last flights arrive. */
  async settle(): Promise<void> {
    await this.sleep(2 * this.network.rtt_ms + SETTLE_MS);
  }

  /** The curtain. */
  close(): void {
    this.recorder.finish();
    for (const close of this.closers.splice(0)) close();
    for (const socket of this.sockets) socket.destroy();
  }

  /** Steps of one kind, for judging. */
  stepsOf<Kind extends Step["kind"]>(kind: Kind): Extract<Step, { kind: Kind }>[] {
    return this.recorder.steps.filter((step) => step.kind === kind) as Extract<Step, { kind: Kind }>[];
  }
}

type RecordedHop = ReturnType<Recorder["opened"]>;

export function doorTo(place: Place, authority = "www.example"): Door {
  return { host: place.host, port: place.port, authority, targetPrefix: "" };
}

function inVain(ms: number, ending: string): Text {
  const { en, ko } = timeText(ms);
  return ending === "gave-up"
    ? { en: `waits ${en} in vain and gives up`, ko: `응답 없이 ${ko} 동안 기다리다 포기합니다` }
    : { en: `waits ${en} in vain until the connection closes`, ko: `응답 없이 ${ko} 동안 기다린 끝에 연결이 닫힙니다` };
}

function waitsLong(ms: number): Text {
  const { en, ko } = timeText(ms);
  return { en: `waits ${en}`, ko: `${ko} 동안 기다립니다` };
}

/** To a tenth of a second, or to a millisecond below one, as people say it. */
export function timeText(ms: number): Text {
  if (ms < 1_000) return { en: `${Math.round(ms)} ms`, ko: `${Math.round(ms)}ms` };
  return { en: `${(ms / 1_000).toFixed(1)} s`, ko: `${(ms / 1_000).toFixed(1)}초` };
}
