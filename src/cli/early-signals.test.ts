/** Signals that come before a command hears them. */
import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { hearEarly } from "./early-signals.ts";

function processOf(pid: number) {
  const emitter = new EventEmitter();
  const exits: number[] = [];
  const source = Object.assign(emitter, { pid, exit: (code: number) => exits.push(code) });
  hearEarly(source as unknown as NodeJS.Process);
  return { emitter, exits };
}

it("end the first process of a container, which nobody else would end", () => {
  const { emitter, exits } = processOf(1);
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"]) emitter.emit(signal);
  expect(exits).toStrictEqual([143, 130, 131]);
});

it("are the command's as soon as it hears them", () => {
  const { emitter, exits } = processOf(1);
  emitter.on("SIGTERM", () => {});
  emitter.emit("SIGTERM");
  expect(exits).toStrictEqual([]);
});

it("are the system's for any other process", () => {
  expect(processOf(2).emitter.eventNames()).toStrictEqual([]);
});
