/** The doctor on both sides of a proxy, in one simulated network under virtual time: what never comes is waited for in no time. */
import type { Report } from "../../src/doctor/report/report.ts";
import { examineThrough, type ThroughOptions } from "../../src/doctor/through/examine-through.ts";
import type { Address, Clock, Dialer, Socket } from "../../src/net/ports.ts";
import type { Habits } from "./proxy-habits.ts";
import { RelayingProxy } from "./relaying-proxy.ts";
import { virtually } from "./virtual-network.ts";

type TcpAddress = Address & { kind: "tcp" };

/** What stands in the middle. @param origin where it sends to, known once the doctor listens */
export type Middle = (
  ports: { readonly dialer: Dialer; readonly clock: Clock; readonly stopListening: () => void },
  origin: () => TcpAddress,
) => (client: Socket) => void;

export async function examineThroughVirtually(middle: Middle, options: Partial<ThroughOptions> = {}): Promise<Report> {
  return await virtually((network) => {
    const { clock, dialer } = network;
    let origin: TcpAddress | undefined;
    const ports = { dialer, clock, stopListening: () => void listener.close() };
    const accept = middle(ports, () => origin as TcpAddress);
    const listener = network.listen(accept);
    const { address } = listener;
    return examineThrough(
      `http://${address.host}:${address.port}/`,
      { origin: { host: "origin.test", port: 0 }, ...options },
      {
        ports: {
          dialer,
          clock,
          listen: async ({ onSocket }) => {
            const listener = network.listen(onSocket);
            origin = { kind: "tcp", ...listener.address };
            return listener;
          },
        },
      },
    );
  });
}

/** Through a proxy with these habits, healthy but for them. */
export async function examineHabits(habits: Partial<Habits>, options: Partial<ThroughOptions> = {}): Promise<Report> {
  return await examineThroughVirtually(({ dialer, clock }, origin) => {
    const proxy = new RelayingProxy(dialer, origin, habits, clock);
    return (client) => proxy.accept(client);
  }, options);
}
