/**
 * The listeners of a proxy. They come and go without touching each other: other places are opened first, all of them or none, and only
 * then those are closed that are not named any more; clients who came in there are served on. Each accepted socket goes to
 * gateway/gateway.ts.
 *
 * One that stays may speak TLS from now on, with other certificates, or redirect. Deliberately absent: taking over a place that
 * overlaps with one that is to be closed (`127.0.0.1:80` for `0.0.0.0:80`), since the system gives it to one of them only.
 */
import { together } from "../config/error.ts";
import { inheritedError, listenError } from "../config/listen-error.ts";
import { keptPlaces, type ListenerConfig } from "../config/listeners.ts";
import type { TlsServings } from "../config/tls-servings.ts";
import { urlOf } from "../config/values.ts";
import { Entrance } from "../gateway/entrance.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Clock, Listener, ListenOptions } from "../net/ports.ts";
import type { TlsServing } from "../net/tls/tls-serving.ts";
import type { ListenerPlace } from "./listening.ts";

export interface ListenersPorts {
  readonly listen: (options: ListenOptions) => Promise<Listener>;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly servings: TlsServings;
  /** Nobody may be sent there. */
  readonly onOpened: (host: string, port: number) => void;
}

class Place {
  config: ListenerConfig;
  listener: Listener | undefined;
  entrance: Entrance;
  tls: TlsServing | undefined;

  constructor(config: ListenerConfig, tls: TlsServing | undefined) {
    this.config = config;
    this.entrance = new Entrance(config.redirectPort, config.balancers?.has);
    this.tls = tls;
  }

  get told(): ListenerPlace {
    const { host, port } = this.listener?.address ?? this.config;
    return { host, port, url: urlOf({ host, port }, this.tls !== undefined) };
  }
}

export class Listeners {
  private readonly ports: ListenersPorts;
  private places: readonly Place[] = [];

  constructor(ports: ListenersPorts) {
    this.ports = ports;
  }

  get told(): readonly ListenerPlace[] {
    return this.places.map((place) => place.told);
  }

  /**
   * Opens what is not open yet. Nothing else has changed before the function that is returned is called: either that, or `abandon`.
   *
   * @param fds sockets that were handed over, for each listener in order; undefined: it listens by itself
   * @throws HopwiseError for all places that cannot be listened at; then none was opened
   */
  async prepare(
    configs: readonly ListenerConfig[],
    {
      sharesPort = false,
      fds = [],
    }: { readonly sharesPort?: boolean; readonly fds?: readonly (number | undefined)[] } = {},
  ): Promise<{ readonly commit: () => void; readonly abandon: () => void }> {
    const { servings } = this.ports;
    const numbers = keptPlaces(
      this.places.map(({ config }) => config),
      configs,
    );
    const kept = numbers.map((index) => (index === undefined ? undefined : this.places[index]));
    const left = this.places.filter((place) => !kept.includes(place));
    const wanted = configs.map((config, index) => withKnownCertificates(config, kept[index]?.config));
    const secured = servings.prepare(wanted);
    const servingOf = ({ tls }: ListenerConfig) => (tls === undefined ? undefined : secured.get(tls));
    const opened: Place[] = [];
    const abandon = () => {
      for (const { listener } of opened) void listener?.close();
    };
    const places: Place[] = [];
    const faults: unknown[] = [];
    for (const [index, config] of wanted.entries()) {
      const place = kept[index] ?? new Place(config, servingOf(config));
      places.push(place);
      if (place.listener !== undefined) continue;
      opened.push(place);
      await this.open(place, sharesPort, fds[index], index).catch((fault) => faults.push(fault));
    }
    if (faults.length > 0) {
      abandon();
      throw together(faults);
    }
    const commit = () => {
      this.places = places;
      for (const [index, place] of places.entries()) {
        const config = wanted[index] as ListenerConfig;
        const tls = servingOf(config);
        // Who came in before is served as it began, but not for long.
        if (place.tls?.clientAuthorities !== tls?.clientAuthorities) this.leave(place);
        place.config = config;
        place.entrance.redirectPort = config.redirectPort;
        place.entrance.isBalancer = config.balancers?.has;
        place.tls = tls;
        if (tls !== undefined) tls.onClientsChanged = () => this.leaveServed(tls);
      }
      servings.replace(secured);
      for (const place of left) void this.closePlace(place);
    };
    return { commit, abandon };
  }

  private async open(place: Place, sharesPort: boolean, fd: number | undefined, index: number): Promise<void> {
    const { listen, gateway, onOpened } = this.ports;
    const { host, port, isIpv6Only } = place.config;
    try {
      place.listener = await listen({
        host,
        port,
        isIpv6Only,
        fd,
        sharesPort,
        get tls() {
          return place.tls;
        },
        onSocket: (socket) => gateway.accept(socket, place.entrance),
        onFault: (code) => gateway.onAcceptFault(code),
      });
    } catch (error) {
      throw fd === undefined ? listenError(error, place.config, "listen", index) : inheritedError(error, fd);
    }
    const { address } = place.listener;
    onOpened(address.host, address.port);
  }

  private leaveServed(tls: TlsServing): void {
    for (const place of this.places) if (place.tls === tls) this.leave(place);
  }

  private leave(place: Place): void {
    this.ports.gateway.closeEntrance(place.entrance);
    place.entrance = new Entrance(place.config.redirectPort, place.config.balancers?.has);
  }

  private async closePlace(place: Place): Promise<void> {
    await this.acceptTheRest();
    await place.listener?.close();
    this.ports.gateway.closeEntrance(place.entrance);
  }

  /** Right after the runtime has accepted whoever was waiting: the system resets who is still in line. */
  private acceptTheRest(): Promise<void> {
    return new Promise((resolve) => this.ports.clock.afterArrivals(resolve));
  }

  /** Nobody can come in any more. */
  async close(): Promise<void> {
    const { places } = this;
    this.places = [];
    if (places.length === 0) return;
    await this.acceptTheRest();
    await Promise.all(places.map(({ listener }) => listener?.close()));
  }

  get areOpen(): boolean {
    return this.places.length > 0;
  }
}

/**
 * Where the files are the same as before there is nothing to be made anew; nor is a certificate that was made for development, which
 * somebody may have trusted.
 */
function withKnownCertificates(config: ListenerConfig, before: ListenerConfig | undefined): ListenerConfig {
  const [tls, known] = [config.tls, before?.tls];
  if (tls === undefined || known === undefined || tls.marks !== known.marks) return config;
  return JSON.stringify(tls.files) === JSON.stringify(known.files) ? { ...config, tls: known } : config;
}
