/** What observers are told is plain data: records reach nothing that lives, by their types and by what their files import. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ConnectionRecord, EndpointRecord } from "../../src/connection/connection-record.ts";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import type { ProxyObserver } from "../../src/exchange/observer.ts";
import type { Socket } from "../../src/net/ports.ts";

/** `true` for what JSON can carry, through and through; what is not that gives `false` somewhere. */
type Data<Value> = Value extends string | number | boolean | null | undefined
  ? true
  : Value extends (...values: never[]) => unknown
    ? false
    : Value extends readonly (infer Item)[]
      ? Data<Item>
      : { [Name in keyof Value]-?: Data<Value[Name]> }[keyof Value];
type IsData<Value> = false extends Data<Value> ? false : true;

/** What an observer is told by these. Faults are what was thrown, whatever that was. */
type Told = Parameters<
  NonNullable<
    ProxyObserver[Exclude<keyof ProxyObserver, "internalError" | "hookFailed" | "whenInterestChanges" | "wantsFields">]
  >
>[number];

describe("records", () => {
  it("are data, through and through", () => {
    const areData: readonly true[] = [true, true, true] satisfies [
      IsData<EndpointRecord>,
      IsData<ConnectionRecord>,
      IsData<ExchangeRecord>,
    ];
    // The types above are the test: what lives would not compile.
    const isDataToo: IsData<{ readonly name: string; readonly socket: Socket }> = false;
    expect([...areData, isDataToo]).toStrictEqual([true, true, true, false]);
  });

  it("and so is everything that an observer is told", () => {
    const isData: IsData<Told> = true;
    expect(isData).toBe(true);
  });

  it.each([
    ["src/connection/connection-record.ts", ["./life.ts", "./reasons.ts"]],
    ["src/exchange/exchange-record.ts", ["../connection/connection-record.ts", "./answers.ts"]],
    ["src/pool/observer.ts", ["../connection/connection-record.ts", "../connection/reasons.ts"]],
    ["src/exchange/observer.ts", ["../pool/observer.ts", "../wire/tolerance.ts", "./exchange-record.ts", "./hooks.ts"]],
  ])("%s takes types alone, and words", (file, from) => {
    const imports = [...readFileSync(file, "utf8").matchAll(/^import (type )?[^;]*? from "(.*)";$/gm)];
    expect(imports.map(([, isType]) => isType)).toStrictEqual(from.map(() => "type "));
    expect(imports.map(([, , path]) => path)).toStrictEqual(from);
  });
});
