/** A drain ends at its deadline, whoever does not take what it is sent; on a simulated network. */
import { expect, it } from "vitest";
import { Bell } from "../../test/kit/bell.ts";
import { RecordingObserver } from "../../test/kit/recording-observer.ts";
import { baseSettings } from "../../test/kit/stage.ts";
import type { Socket, SocketHandler } from "../net/ports.ts";
import { SimulatedNetwork } from "../net/simulated/network.ts";
import { Schedule } from "../net/simulated/schedule.ts";
import { parseOriginAddress } from "../pool/origin-address.ts";
import type { Octets } from "../wire/octets.ts";
import { Gateway } from "./gateway.ts";

const WINDOW_BYTES = 4_096;
const traits = {
  latency_ms: 1,
  jitter_ms: 0,
  windowBytes: WINDOW_BYTES,
  highWaterBytes: 65_536,
  readBytesMax: 65_536,
  segmentation: "whole",
  rstHarm: 0,
} as const;
const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
const GRACE_MS = 1_000;

const silent: SocketHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

it("an origin that does not take the rest of a tunnel whose client is gone", async () => {
  const schedule = new Schedule();
  const network = new SimulatedNetwork(schedule, traits);
  const observer = new RecordingObserver(new Bell());
  const run = (ms: number) => {
    const until_ms = schedule.now_ms + ms;
    while (schedule.step(until_ms));
  };
  let origin: Socket | undefined;
  const listener = network.listen((socket) => {
    origin = socket;
    const onData = (_octets: Octets) => {
      socket.write(SWITCHING);
      socket.pause();
    };
    socket.handler = { ...silent, onData };
  });
  const origins = [parseOriginAddress(`http://127.0.0.1:${listener.address.port}`)];
  const ports = { clock: network.clock, dialer: network.dialer, observer };
  const gateway = new Gateway({ ...baseSettings, origins }, ports);
  const front = network.listen((socket) => gateway.accept(socket));
  let client: Socket | undefined;
  const onConnected = (socket: Socket) => {
    client = socket;
    socket.handler = silent;
    socket.write(UPGRADE);
  };
  network.dialer.dial({ kind: "tcp", host: "127.0.0.1", port: front.address.port }, { onConnected, onFailed() {} });
  run(100);
  client?.write("x".repeat(3 * WINDOW_BYTES));
  client?.end();
  origin?.end();
  run(100);
  // The client has said and heard everything; the origin has not.
  expect(observer.downstream.map(({ closes }) => closes)).toStrictEqual([["tunnel-ended"]]);
  expect(observer.upstream.map(({ closes }) => closes)).toStrictEqual([[]]);

  gateway.beginDrain();
  let cut: number | undefined;
  void gateway.drain(GRACE_MS).then((report) => {
    cut = report.cut;
  });
  run(GRACE_MS + 10);
  await Promise.resolve();
  expect(cut).toBe(0);
  expect(observer.upstream.map(({ closes }) => closes)).toStrictEqual([["tunnel-ended"]]);
});
