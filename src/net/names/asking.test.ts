/** Asking a real server over loopback: what it says, and how a question ends that nobody answers. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { askServer, type Family, type FamilyAnswer } from "./asking.ts";

let server: Socket | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

async function silentServer(): Promise<{ readonly name: string; readonly asked: Promise<unknown> }> {
  server = createSocket("udp4").bind(0, "127.0.0.1");
  await once(server, "listening");
  return { name: `127.0.0.1:${server.address().port}`, asked: once(server, "message") };
}

function answerOf(name: string, hostname: string): { answer: Promise<[Family, FamilyAnswer]>; giveUp: () => void } {
  let giveUp = () => {};
  const answer = new Promise<[Family, FamilyAnswer]>((resolve) => {
    giveUp = askServer(name, hostname, [4], (...told) => resolve(told));
  });
  return { answer, giveUp };
}

it("a question is asked at once, and given up at once", async () => {
  const { name, asked } = await silentServer();
  const { answer, giveUp } = answerOf(name, "example.com");
  await asked;
  giveUp();
  expect(await answer).toEqual([4, "ECANCELLED"]);
});

it.each([
  ["not-an-address", "example.com"],
  ["127.0.0.1", `${"a".repeat(64)}.example`],
])("what the resolver cannot use is an answer, not an exception: %s %s", async (name, hostname) => {
  expect(await answerOf(name, hostname).answer).toEqual([4, expect.stringMatching(/^E/)]);
});
