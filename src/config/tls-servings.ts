/**
 * What a proxy's TLS listeners are served with: one set of certificates for all listeners that were given the same, read again when
 * the files have changed.
 *
 * A configuration that takes the place of another brings its own certificates; tickets stay good, since their keys belong to the proxy.
 */
import { canServeHttp2 } from "../http2/session.ts";
import { TicketKeys } from "../net/tls/ticket-keys.ts";
import { TlsServing } from "../net/tls/tls-serving.ts";
import { type CertificateNews, CertificateWatch, LOOK_MS } from "./certificate-watch.ts";
import type { ListenerConfig, TlsConfig } from "./listeners.ts";

type Servings = ReadonlyMap<TlsConfig, TlsServing>;

export class TlsServings {
  private servings: Servings = new Map();
  private readonly tickets: TicketKeys;
  private watches: readonly CertificateWatch[] = [];
  private timer: NodeJS.Timeout | undefined;
  private tell: ((news: CertificateNews) => void) | undefined;

  /** @param ticketSecret where processes share one */
  constructor(listeners: readonly ListenerConfig[], ticketSecret: string | undefined) {
    this.tickets = new TicketKeys(ticketSecret);
    this.servings = this.prepare(listeners);
  }

  get all(): readonly TlsServing[] {
    return [...this.servings.values()];
  }

  of(tls: TlsConfig): TlsServing {
    const serving = this.servings.get(tls);
    if (serving === undefined) throw new Error("a listener that was not there when the proxy was made");
    return serving;
  }

  /** What these are served with; nothing has changed before that is handed to `replace`. @throws what the runtime says of a certificate */
  prepare(listeners: readonly ListenerConfig[]): Servings {
    const servings = new Map<TlsConfig, TlsServing>();
    for (const { tls } of listeners) {
      if (tls === undefined || servings.has(tls)) continue;
      servings.set(tls, this.servings.get(tls) ?? this.made(tls));
    }
    return servings;
  }

  private made({ certificates }: TlsConfig): TlsServing {
    const serving = new TlsServing(certificates, this.tickets);
    serving.beside = () => this.all;
    return serving;
  }

  /** From now on there are these. What was counted so far stays. */
  replace(servings: Servings): void {
    const [heir] = servings.values();
    const kept = new Set(servings.values());
    for (const gone of this.servings.values()) if (heir !== undefined && !kept.has(gone)) heir.inherit(gone);
    this.servings = servings;
    if (this.tell !== undefined) this.watch(this.tell);
  }

  /** From now on changed files are read again. */
  watch(tell: (news: CertificateNews) => void): void {
    this.close();
    this.tell = tell;
    if (this.servings.size === 0) return;
    this.watches = [...this.servings].map(
      ([tls, serving]) => new CertificateWatch(tls.files, tls.marks, serving, tell),
    );
    this.timer = setInterval(() => {
      for (const watch of this.watches) watch.look(Date.now());
    }, LOOK_MS).unref();
  }

  /** What clients may settle on in handshakes from now on, as far as the runtime can. */
  speak(http2: boolean): void {
    for (const serving of this.servings.values()) serving.speaksHttp2 = http2 && canServeHttp2;
  }

  /** Reads all files now. */
  readAgain(): void {
    for (const watch of this.watches) watch.readAgain(Date.now());
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.watches = [];
  }
}
