/**
 * The lab's network on real sockets of this machine, each hop as long as is wanted.
 *
 * Deliberately absent: networks beyond the loopback interface, except where a real proxy listens.
 */
import { nodeClock } from "../../net/node-clock.ts";
import type { Address, DialHandler, GiveUp, Listener, Socket } from "../../net/ports.ts";
import { dialer, listen } from "../../net/runtime.ts";
import { DelayedSocket } from "./delayed-socket.ts";
import { type LabNetwork, LOOPBACK, type Neighbour } from "./lab-network.ts";

/** Keeps the process alive while a play is on, whatever its clocks do. */
const ALIVE_MS = 60_000;

export function socketNetwork(rtt_ms: number): LabNetwork {
  const half_ms = rtt_ms / 2;

  function lengthened(socket: Socket, { isForeign }: Neighbour, notBefore_ms: number): Socket {
    if (rtt_ms === 0) return socket;
    return new DelayedSocket(socket, { outgoing_ms: half_ms, incoming_ms: isForeign ? half_ms : 0, notBefore_ms });
  }

  return {
    kind: "sockets",
    rtt_ms,
    clock: nodeClock,
    listen(neighbour, onSocket, port = 0): Promise<Listener> {
      return listen({
        host: LOOPBACK,
        port,
        onFault: () => {},
        onSocket: (accepted) => {
          // SYN, SYN-ACK and ACK: the program hears of it one and a half round trips after the SYN.
          const socket = lengthened(accepted, neighbour, performance.now() + 3 * half_ms);
          if (rtt_ms === 0) onSocket(socket);
          else setTimeout(() => onSocket(socket), 3 * half_ms - 1);
        },
      });
    },
    dial(neighbour: Neighbour, address: Address, handler: DialHandler): GiveUp {
      let giveUp: GiveUp = () => "connection";
      const later = (then: () => void) => {
        if (rtt_ms === 0) return then();
        const timer = setTimeout(then, rtt_ms);
        giveUp = () => {
          clearTimeout(timer);
          return "connection";
        };
      };
      giveUp = dialer.dial(address, {
        onConnected: (socket) => {
          const delayed = lengthened(socket, neighbour, 0);
          later(() => handler.onConnected(delayed));
        },
        onFailed: (fault) => later(() => handler.onFailed(fault)),
      });
      return () => giveUp();
    },
    async run(body) {
      const alive = setInterval(() => {}, ALIVE_MS);
      try {
        return await body();
      } finally {
        clearInterval(alive);
      }
    },
  };
}
