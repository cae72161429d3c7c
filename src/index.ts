/**
 * The library's door: `import { createProxy } from "hopwise"`.
 */
import { type ProxyOptions, settingsFrom } from "./config/options.ts";
import { nodeClock } from "./net/node-clock.ts";
import { nodeDialer } from "./net/node-dialer.ts";
import { listen } from "./net/node-listener.ts";
import type { Listener } from "./net/ports.ts";
import { type DrainReport, Gateway } from "./proxy/gateway.ts";
import type { ProxyObserver } from "./proxy/observer.ts";

/** How long the listener stays open once draining began, for those who have not seen `/readyz` turn yet. */
const LISTEN_GRACE_MS = 250;

export class HopwiseProxy {
  readonly gateway: Gateway;
  private readonly options: ProxyOptions;
  private listener: Listener | undefined;

  constructor(options: ProxyOptions, observer: ProxyObserver) {
    this.options = options;
    this.gateway = new Gateway(settingsFrom(options), { clock: nodeClock, dialer: nodeDialer, observer });
  }

  async listen(): Promise<{ host: string; port: number; url: string }> {
    this.listener = await listen({
      host: this.options.host ?? "127.0.0.1",
      port: this.options.port ?? 8080,
      onSocket: (socket) => this.gateway.accept(socket),
      onFault: (code) => this.gateway.onAcceptFault(code),
    });
    const { host, port } = this.listener.address;
    return { host, port, url: `http://${host.includes(":") ? `[${host}]` : host}:${port}` };
  }

  async close({ graceMs = 30_000 }: { graceMs?: number } = {}): Promise<DrainReport> {
    this.gateway.beginDrain();
    await new Promise<void>((resolve) => setTimeout(resolve, Math.min(LISTEN_GRACE_MS, graceMs)));
    this.listener?.close();
    return this.gateway.drain(graceMs);
  }
}
