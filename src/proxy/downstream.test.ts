/** Limits of a client's connection that only a certain order of events puts to the test, on a simulated network. */
import { expect, it } from "vitest";
import { Bell } from "../../test/kit/bell.ts";
import { RecordingObserver } from "../../test/kit/recording-observer.ts";
import { baseSettings } from "../../test/kit/stage.ts";
import type { Socket } from "../net/ports.ts";
import { SimulatedNetwork } from "../net/simulated/network.ts";
import { Schedule } from "../net/simulated/schedule.ts";
import { parseOriginAddress } from "../pool/origin-address.ts";
import { Gateway } from "./gateway.ts";

const WINDOW_BYTES = 4_096;
const traits = {
  latency_ms: 1,
  jitter_ms: 0,
  windowBytes: WINDOW_BYTES,
  highWaterBytes: 1_024,
  readBytesMax: 65_536,
  segmentation: "whole",
  rstHarm: 0,
} as const;
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/** More than the way to a client holds that reads nothing, and little enough to be read from the origin at once. */
const BODY = "x".repeat(WINDOW_BYTES - 100);
const OK = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;

it.each([
  ["a whole request", GET],
  ["the beginning of one", "GET / HT"],
])("a client that takes nothing of its responses is reset in time, although it goes on to ask: %s", (_what, more) => {
  const schedule = new Schedule();
  const network = new SimulatedNetwork(schedule, traits);
  const observer = new RecordingObserver(new Bell());
  const run = (ms: number) => {
    const until_ms = schedule.now_ms + ms;
    while (schedule.step(until_ms));
  };
  const listener = network.listen((socket) => {
    socket.handler = { onData: () => void socket.write(OK), onEnd() {}, onDrain() {}, onClose() {} };
  });
  const origins = [parseOriginAddress(`http://127.0.0.1:${listener.address.port}`)];
  const ports = { clock: network.clock, dialer: network.dialer, observer };
  const gateway = new Gateway({ ...baseSettings, bodyTimeout_ms: 60_000, origins }, ports);
  const front = network.listen((socket) => gateway.accept(socket));
  let client: Socket | undefined;
  const onConnected = (socket: Socket) => {
    client = socket;
    socket.handler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
    socket.pause();
  };
  network.dialer.dial({ kind: "tcp", host: "127.0.0.1", port: front.address.port }, { onConnected, onFailed() {} });
  run(100);

  const told = () => observer.downstream[0]?.connection;
  while (told()?.isBlocked !== true) {
    client?.write(GET);
    run(100);
  }
  // All that was asked for has been answered, and does not fit on the way.
  expect(observer.exchanges.map(({ outcome }) => outcome)).toStrictEqual(observer.exchanges.map(() => "completed"));
  run(10_000);
  client?.write(more);
  run(40_000);
  expect(told()?.life.closeReason).toBeUndefined();
  run(20_000);
  expect(told()?.life.closeReason).toBe("write-timeout");
});
