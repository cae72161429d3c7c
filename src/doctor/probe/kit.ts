/**
 * What a check works with: connections to the target, requests to send on them, time, and measurements that others made already.
 *
 * All connections of an examination go to the one address that answered first, so that a name with several servers behind it is not
 * measured as one. A check's connections end with it. Deliberately absent: which checks there are, and their order.
 */
import type { Clock, Dialer } from "../../net/ports.ts";
import type { Pace, Settings } from "../settings.ts";
import type { Answer } from "./answer-reader.ts";
import { ProbeConnection } from "./connection.ts";
import { dial, Stopped } from "./dialing.ts";
import { type RequestShape, Requests } from "./requests.ts";
import { addressOf, type Target } from "./target.ts";
import { Transcript } from "./transcript.ts";

export interface Ports {
  readonly dialer: Dialer;
  readonly clock: Clock;
}

/** What all checks of an examination share. */
export class Examination {
  readonly target: Target;
  readonly settings: Settings;
  /** As patient as this server needs it: a slow one is given longer. */
  pace: Pace;
  readonly ports: Ports;
  readonly signal: AbortSignal;
  readonly requests: Requests;
  readonly cost = { connections: 0, requests: 0 };
  /** That of the first connection, which all others go to. */
  address: string | undefined;
  /** The first response. */
  baseline: Answer | undefined;
  /** The server answers nobody else while one connection is open. */
  servesOneAtATime = false;
  /** What waits, in words, for the progress. */
  readonly waiting = new Map<string, { readonly text: string; readonly until_ms: number }>();
  private readonly measurements = new Map<unknown, Promise<unknown>>();
  private readonly hiddenNames: ReadonlySet<string>;

  constructor(target: Target, settings: Settings, pace: Pace, ports: Ports, signal: AbortSignal) {
    this.target = target;
    this.settings = settings;
    this.pace = pace;
    this.ports = ports;
    this.signal = signal;
    this.requests = new Requests(target, settings.fieldLines);
    this.hiddenNames = new Set(settings.fieldLines.map((line) => line.slice(0, line.indexOf(":")).toLowerCase()));
  }

  /** @throws DialFault, Stopped */
  open(
    isSecure = this.target.isSecure,
    takesAnyCertificate = this.settings.takesAnyCertificate,
  ): Promise<ProbeConnection> {
    const { clock, dialer } = this.ports;
    const { target, signal, settings } = this;
    const transcript = new Transcript(++this.cost.connections, () => clock.now(), this.hiddenNames);
    const tls = {
      serverName: target.host,
      rejectUnauthorized: !takesAnyCertificate,
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    };
    const onRequest = () => void this.cost.requests++;
    const place = addressOf(target, isSecure ? tls : undefined, this.address);
    return dial({ dialer, clock, signal, limit_ms: this.pace.dial_ms }, place, (socket) => {
      transcript.note(isSecure ? "connected, TLS handshake done" : "connected");
      return new ProbeConnection(socket, transcript, { clock, signal, onRequest });
    });
  }

  /** A measurement that is made once, for the first check that asks. */
  once<Value>(measure: (kit: Kit) => Promise<Value>): Promise<Value> {
    const known = this.measurements.get(measure) as Promise<Value> | undefined;
    if (known !== undefined) return known;
    const kit = new Kit(this);
    const made = measure(kit).finally(() => kit.end());
    // Each who asked hears of a failure; that nobody has asked yet is none.
    made.catch(() => {});
    this.measurements.set(measure, made);
    return made;
  }
}

export class Kit {
  readonly examination: Examination;
  private readonly connections: ProbeConnection[] = [];

  constructor(examination: Examination) {
    this.examination = examination;
  }

  get settings(): Settings {
    return this.examination.settings;
  }

  get pace(): Pace {
    return this.examination.pace;
  }

  get target(): Target {
    return this.examination.target;
  }

  get requests(): Requests {
    return this.examination.requests;
  }

  /** The response to the first GET of the target. */
  get baseline(): Answer {
    const { baseline } = this.examination;
    if (baseline === undefined) throw new Error("a check runs before the first response");
    return baseline;
  }

  /** Whatever the page is long, it is asked for once in a while: HEAD where GET would cost much. */
  get cheapMethod(): "GET" | "HEAD" {
    return this.baseline.bodyBytes > CHEAP_BYTES_MAX ? "HEAD" : "GET";
  }

  now(): number {
    return this.examination.ports.clock.now();
  }

  async open(): Promise<ProbeConnection> {
    const connection = await this.examination.open();
    this.connections.push(connection);
    return connection;
  }

  /** A fresh connection with one request on it, and what became of that. */
  async openAndAsk(shape: RequestShape = {}, limit_ms = this.pace.answer_ms) {
    const connection = await this.open();
    const outcome = await connection.ask(this.requests.of(shape), limit_ms, shape.method);
    return { connection, outcome };
  }

  once<Value>(measure: (kit: Kit) => Promise<Value>): Promise<Value> {
    return this.examination.once(measure);
  }

  /** Says what waits, and for how long at most, while `wait` does. */
  async waitingFor<Value>(text: string, limit_ms: number, wait: () => Promise<Value>): Promise<Value> {
    const { waiting } = this.examination;
    waiting.set(text, { text, until_ms: this.now() + limit_ms });
    try {
      return await wait();
    } finally {
      waiting.delete(text);
    }
  }

  /** @throws Stopped */
  sleep(duration_ms: number): Promise<void> {
    const { signal, ports } = this.examination;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new Stopped());
      const onAbort = () => {
        stop();
        reject(new Stopped());
      };
      const stop = ports.clock.after(duration_ms, () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Ends the connections that were opened here. */
  end(): void {
    for (const connection of this.connections) connection.destroy();
  }
}

/** A page up to here may be fetched a dozen times. */
const CHEAP_BYTES_MAX = 65_536;
