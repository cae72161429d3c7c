/** Listening and dialing under virtual time. */
import { expect, it } from "vitest";
import type { Socket } from "../ports.ts";
import { SimulatedNetwork } from "./network.ts";
import { Schedule } from "./schedule.ts";

const traits = {
  latency_ms: 10,
  jitter_ms: 0,
  windowBytes: 65_536,
  highWaterBytes: 65_536,
  readBytesMax: 65_536,
  segmentation: "whole",
  rstHarm: 0,
} as const;

function network() {
  const schedule = new Schedule();
  const told: string[] = [];
  const tell = (what: string) => void told.push(`${schedule.now_ms} ${what}`);
  const dial = (port: number) =>
    net.dialer.dial(
      { kind: "tcp", host: "127.0.0.1", port },
      {
        onConnected: (socket: Socket) => {
          tell(`connected from ${socket.localPort}`);
          socket.write("hello");
        },
        onFailed: (fault) => tell(fault),
      },
    );
  const net = new SimulatedNetwork(schedule, traits);
  const listen = () =>
    net.listen((socket) => {
      tell(`accepted from ${socket.remotePort}`);
      socket.handler = { onData: (octets) => tell(octets.latin1Slice()), onEnd() {}, onDrain() {}, onClose() {} };
    });
  const run = () => {
    while (schedule.step(1_000));
    return told;
  };
  return { listen, dial, run };
}

it("a handshake takes a round trip, and the first octets arrive half of one later", () => {
  const { listen, dial, run } = network();
  dial(listen().address.port);
  expect(run()).toStrictEqual(["20 connected from 50001", "30 accepted from 50001", "30 hello"]);
});

it("who is not there refuses, as does who has closed", () => {
  const { listen, dial, run } = network();
  const listener = listen();
  listener.close();
  dial(listener.address.port);
  expect(run()).toStrictEqual(["20 ECONNREFUSED"]);
});

it("whoever gives up hears nothing", () => {
  const { listen, dial, run } = network();
  dial(listen().address.port)();
  expect(run()).toStrictEqual([]);
});
