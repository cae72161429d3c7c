/** What could harm a server of strangers goes to none unless its host was named for that. */
import { expect, it } from "vitest";
import { examineIn } from "../../src/doctor/examine.ts";
import type { ExamineOptions } from "../../src/doctor/settings.ts";
import { nodeClock } from "../../src/net/node-clock.ts";
import type { Dialer, Socket } from "../../src/net/ports.ts";
import { dialer, listen } from "../../src/net/runtime.ts";
import { Mannered } from "./mannered-server.ts";

const PUBLIC = "93.184.216.34";

/** A server here that seems to have a public address. */
async function examinePublic(options: ExamineOptions) {
  const server = new Mannered(nodeClock);
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    onSocket: (socket) => server.accept(socket),
    onFault: () => {},
  });
  const { port } = listener.address;
  const elsewhere: Dialer = {
    dial: (_address, handler) =>
      dialer.dial(
        { kind: "tcp", host: "127.0.0.1", port },
        {
          onConnected: (socket: Socket) =>
            handler.onConnected(Object.defineProperty(socket, "remoteAddress", { value: PUBLIC })),
          onFailed: (fault) => handler.onFailed(fault),
        },
      ),
  };
  try {
    return await examineIn({ ports: { clock: nodeClock, dialer: elsewhere } }, `http://shop.example:${port}/`, options);
  } finally {
    await listener.close();
  }
}

it.each<[string, ExamineOptions]>([
  ["--intrusive", { intrusive: true }],
  ["--load", { load: 10 }],
  ["--intrusive, authorised for another host", { intrusive: true, authorised: "example.com" }],
])("%s is refused at a public address", async (_name, options) => {
  await expect(examinePublic(options)).rejects.toMatchObject({
    code: "option-invalid",
    problem: `shop.example has a public address (${PUBLIC}): write --i-am-authorised shop.example if you may do this to it`,
  });
});

it("the host that is named may be examined so, and no more requests than strangers are spared go there", async () => {
  const report = await examinePublic({ intrusive: true, authorised: "shop.example", only: ["HW203", "HW701"] });
  expect(report.findings.map(({ id, verdict }) => `${id} ${verdict}`)).toStrictEqual(["HW203 pass", "HW701 pass"]);
  expect(report.cost.requests).toBeLessThan(160);
});
