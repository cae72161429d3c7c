/** The life of a connection: every event in every state, what becomes of it, and the diagram drawn from the table. */
import { describe, expect, it } from "vitest";
import type { ConnectionFacts } from "./connection-record.ts";
import { Life, type LifeEvent, type LifeState, lifeStates, nextState, transitions } from "./life.ts";
import { closeReasons } from "./reasons.ts";

const facts: ConnectionFacts = {
  ...{ id: 1, hop: "downstream", peer: "192.0.2.1", peerPort: 4711, isSecure: false },
  ...{ opened: "accepted", openedAt_ms: 0 },
};

const events = [
  "opened",
  "exchange-began",
  "exchange-ended",
  "tunnel-began",
  "close-decided",
  "transport-closed",
] as const satisfies readonly LifeEvent[];

/** One row a state, one column an event, in the order above; `-`: it cannot happen. */
const expected: Record<LifeState, string> = {
  opening: "idle    -       -       -       closing closed",
  idle: "   -       active  -       -       closing closed",
  active: " -       -       idle    tunnel  closing closed",
  tunnel: " -       -       -       -       closing closed",
  closing: "-       -       -       -       -       closed",
  closed: " -       -       -       -       -       -",
};

function apply(life: Life, event: LifeEvent): void {
  switch (event) {
    case "opened":
      return life.noteOpened();
    case "exchange-began":
      return life.beginExchange(0);
    case "exchange-ended":
      return life.endExchange(0);
    case "tunnel-began":
      return life.beginTunnel();
    case "close-decided":
      life.decideClose("drained", "own-fin");
      return;
    case "transport-closed":
      life.transportClosed("peer-reset");
  }
}

/** A life that was led to `state`. */
function lifeIn(state: LifeState): Life {
  const life = new Life(facts);
  const way: Record<LifeState, readonly LifeEvent[]> = {
    opening: [],
    idle: ["opened"],
    active: ["opened", "exchange-began"],
    tunnel: ["opened", "exchange-began", "tunnel-began"],
    closing: ["opened", "close-decided"],
    closed: ["opened", "transport-closed"],
  };
  for (const event of way[state]) apply(life, event);
  expect(life.state).toBe(state);
  return life;
}

describe("every state and every event", () => {
  for (const state of lifeStates) {
    const row = expected[state].trim().split(/\s+/);
    for (const [column, event] of events.entries()) {
      const next = row[column] as string;
      it(`${state}, ${event}: ${next}`, () => {
        expect(nextState(state, event) ?? "-").toBe(next);
        const life = lifeIn(state);
        if (next !== "-") {
          apply(life, event);
          expect(life.state).toBe(next);
        } else if (event === "close-decided") {
          expect(life.decideClose("drained", "own-fin")).toBe(false);
          expect(life.state).toBe(state);
        } else if (event === "transport-closed") {
          expect(life.transportClosed("peer-reset")).toBe(false);
          expect(life.state).toBe(state);
        } else {
          expect(() => apply(life, event)).toThrow(`a connection that is ${state} cannot see ${event}`);
          expect(life.state).toBe(state);
        }
      });
    }
  }

  it("the table knows no other states and events", () => {
    expect(lifeStates).toStrictEqual(Object.keys(expected));
    for (const state of lifeStates) expect(events).toEqual(expect.arrayContaining(Object.keys(transitions[state])));
  });

  it("from every state a connection can end, and nothing leads out of closed", () => {
    for (const state of lifeStates) {
      const life = lifeIn(state);
      life.transportClosed("peer-closed");
      expect(life.state).toBe("closed");
    }
    expect(Object.keys(transitions.closed)).toStrictEqual([]);
  });
});

describe("the reason for an end", () => {
  it("is the first one given", () => {
    const life = lifeIn("active");
    expect(life.decideClose("body-timeout", "own-fin")).toBe(true);
    expect(life.decideClose("drained", "own-fin")).toBe(false);
    expect(life.transportClosed("peer-reset")).toBe(true);
    expect(life.transportClosed("peer-closed")).toBe(false);
    expect(life.closeReason).toBe("body-timeout");
  });

  it("is the transport's when nothing was decided", () => {
    const life = lifeIn("idle");
    life.transportClosed("peer-reset");
    expect(life.closeReason).toBe("peer-reset");
  });

  it("is missing while it lives", () => {
    for (const state of ["opening", "idle", "active", "tunnel"] as const) {
      expect(lifeIn(state).closeReason).toBeUndefined();
      expect(lifeIn(state).isEnding).toBe(false);
    }
    expect(lifeIn("closing").isEnding).toBe(true);
    expect(lifeIn("closed").isEnding).toBe(true);
  });
});

it("exchanges are counted when they begin", () => {
  const life = lifeIn("idle");
  expect(life.exchanges).toBe(0);
  life.beginExchange(0);
  life.endExchange(0);
  life.beginExchange(0);
  expect(life.exchanges).toBe(2);
});

it("the diagram of the documentation is this", () => {
  const lines = lifeStates.flatMap((state) =>
    Object.entries(transitions[state]).map(([event, next]) => `${state} --${event}--> ${next}`),
  );
  expect(lines).toStrictEqual([
    "opening --opened--> idle",
    "opening --close-decided--> closing",
    "opening --transport-closed--> closed",
    "idle --exchange-began--> active",
    "idle --close-decided--> closing",
    "idle --transport-closed--> closed",
    "active --exchange-ended--> idle",
    "active --tunnel-began--> tunnel",
    "active --close-decided--> closing",
    "active --transport-closed--> closed",
    "tunnel --close-decided--> closing",
    "tunnel --transport-closed--> closed",
    "closing --transport-closed--> closed",
  ]);
});

it("every reason is spelled as a word and explained", () => {
  for (const [reason, text] of Object.entries(closeReasons)) {
    expect(reason).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    expect(text.length).toBeGreaterThan(10);
  }
});
