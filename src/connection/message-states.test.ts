/** The messages of one exchange on one hop: every state and every event of both roles, and what h11 documents of them. */
import { describe, expect, it } from "vitest";
import {
  cutsRequestShort,
  HopMessages,
  isAwaited,
  isInBody,
  isWhole,
  looksWholeAtEnd,
  mayBegin,
  mayBodyGoOn,
  meaningForRequester,
  meaningForResponder,
  nextRequesterState,
  nextResponderState,
  type RequesterState,
  type ResponderState,
  reasonToClose,
  requesterEvents,
  requesterTransitions,
  responderEvents,
  responderTransitions,
} from "./message-states.ts";

/** `state: event next, event next …`; what is not named cannot happen. */
const requesterTable: Record<RequesterState, string> = {
  idle: "head-began head, body-waits awaits-continue, body-follows body, whole done, must-close must-close, ended closed",
  head: "body-waits awaits-continue, body-follows body, whole done, dropped dropped, must-close head, ended error",
  "awaits-continue": "body-follows body, dropped dropped, must-close awaits-continue, ended error",
  body: "whole done, dropped dropped, must-close body, ended error",
  done: "switch-offered might-switch, must-close must-close, next idle, ended closed",
  "might-switch": "switched switched, switch-refused done, must-close might-switch, ended closed",
  dropped: "whole dropped, must-close dropped, ended closed",
  "must-close": "must-close must-close, ended closed",
  switched: "",
  closed: "must-close closed, ended closed",
  error: "must-close error, ended error",
};

const responderTable: Record<ResponderState, string> = {
  idle: "asked awaited, must-close idle, ended closed, failed error",
  awaited:
    "head-began head, interim interim, final body, final-to-close body-to-close, switched switched, must-close awaited, ended error, failed error",
  head: "interim interim, final body, final-to-close body-to-close, switched switched, must-close head, ended error, failed error",
  interim:
    "head-began head, interim interim, final body, final-to-close body-to-close, switched switched, must-close interim, ended error, failed error",
  body: "whole done, must-close body, ended error, failed error",
  "body-to-close": "whole done, must-close body-to-close, ended closed, failed error",
  done: "must-close must-close, next idle, ended closed, failed error",
  "must-close": "must-close must-close, ended closed, failed error",
  switched: "",
  closed: "must-close closed, ended closed, failed closed",
  error: "must-close error, ended error, failed error",
};

function rowOf(row: string): ReadonlyMap<string, string> {
  return new Map(row === "" ? [] : row.split(", ").map((step) => step.split(" ") as [string, string]));
}

describe("every state of the requester, and every event", () => {
  for (const [state, row] of Object.entries(requesterTable) as [RequesterState, string][]) {
    it.each(requesterEvents)(`${state}, %s`, (event) => {
      expect(nextRequesterState(state, event)).toBe(rowOf(row).get(event));
    });
  }

  it("the table knows no other states and events", () => {
    expect(Object.keys(requesterTransitions)).toStrictEqual(Object.keys(requesterTable));
    const known = Object.values(requesterTransitions).flatMap((row) => Object.keys(row));
    expect(new Set(known)).toStrictEqual(new Set(requesterEvents));
  });
});

describe("every state of the responder, and every event", () => {
  for (const [state, row] of Object.entries(responderTable) as [ResponderState, string][]) {
    it.each(responderEvents)(`${state}, %s`, (event) => {
      expect(nextResponderState(state, event)).toBe(rowOf(row).get(event));
    });
  }

  it("the table knows no other states and events", () => {
    expect(Object.keys(responderTransitions)).toStrictEqual(Object.keys(responderTable));
    const known = Object.values(responderTransitions).flatMap((row) => Object.keys(row));
    expect(new Set(known)).toStrictEqual(new Set(responderEvents));
  });
});

it("what one role does to the other is a step that the other can take", () => {
  for (const meaning of Object.values(meaningForResponder)) {
    for (const [state, event] of Object.entries(meaning)) {
      expect(nextResponderState(state as ResponderState, event)).toBeDefined();
    }
  }
  for (const meaning of Object.values(meaningForRequester)) {
    for (const [state, event] of Object.entries(meaning)) {
      expect(nextRequesterState(state as RequesterState, event)).toBeDefined();
    }
  }
});

/** What may be done, and what follows, in each state. */
describe("what follows from the states", () => {
  const requesters = Object.keys(requesterTransitions) as RequesterState[];
  const responders = Object.keys(responderTransitions) as ResponderState[];
  const those = <State>(states: readonly State[], is: (state: State) => boolean) => states.filter(is);

  it("another request may begin only where nothing of this one has come", () => {
    const messages = new HopMessages();
    expect(
      those(requesters, (state) => {
        Object.assign(messages, { requester: state, responder: "idle" });
        return mayBegin(messages);
      }),
    ).toStrictEqual(["idle"]);
    expect(
      those(responders, (state) => {
        Object.assign(messages, { requester: "idle", responder: state });
        return mayBegin(messages);
      }),
    ).toStrictEqual(["idle"]);
  });

  it("a body goes on until it is whole or dropped", () => {
    expect(those(requesters, mayBodyGoOn)).toStrictEqual(["awaits-continue", "body"]);
    expect(those(responders, isInBody)).toStrictEqual(["body", "body-to-close"]);
  });

  it("a message is whole when its end was seen", () => {
    expect(those(requesters, isWhole)).toStrictEqual(["done", "might-switch", "must-close"]);
    expect(those(responders, isWhole)).toStrictEqual(["done", "must-close"]);
  });

  it("an orderly end completes a response of which nothing else shows the end", () => {
    expect(those(responders, looksWholeAtEnd)).toStrictEqual(["body-to-close"]);
  });

  it("an orderly end cuts a request short that has begun", () => {
    expect(those(requesters, cutsRequestShort)).toStrictEqual(["head", "awaits-continue", "body"]);
  });

  it("a response is awaited before its first byte, and again behind an interim one", () => {
    expect(those(responders, isAwaited)).toStrictEqual(["awaited", "interim"]);
  });

  it("only two whole messages let a connection persist, and each other pair has a reason not to", () => {
    const messages = new HopMessages();
    const persisting: string[] = [];
    for (const requester of requesters) {
      for (const responder of responders) {
        Object.assign(messages, { requester, responder, closeReason: undefined });
        if (reasonToClose(messages) === undefined) persisting.push(`${requester}, ${responder}`);
      }
    }
    expect(persisting).toStrictEqual(["done, done"]);
  });
});

type Step = keyof typeof steps;
const steps = {
  "request begins": (it: HopMessages) => it.requestBegan(),
  "request, body follows": (it: HopMessages) => it.requestHead(false),
  "request, body waits": (it: HopMessages) => it.requestHead(true),
  "request body": (it: HopMessages) => it.requestBody(),
  "request whole": (it: HopMessages) => it.requestWhole(false),
  "request whole, offers a switch": (it: HopMessages) => it.requestWhole(true),
  "request dropped": (it: HopMessages) => it.drop("request-unfinished"),
  "response begins": (it: HopMessages) => it.responseBegan(),
  "100": (it: HopMessages) => it.interim(100),
  "103": (it: HopMessages) => it.interim(103),
  final: (it: HopMessages) => it.final(false),
  "final, ends by close": (it: HopMessages) => it.final(true),
  "response whole": (it: HopMessages) => it.responseWhole(),
  "answered by itself": (it: HopMessages) => it.answered("request-refused"),
  switched: (it: HopMessages) => it.switched(),
  "must close": (it: HopMessages) => it.mustClose("close-received"),
  next: (it: HopMessages) => it.next(),
  "requester ends": (it: HopMessages) => it.requesterEnded("peer-closed"),
  "responder ends": (it: HopMessages) => it.responderEnded("peer-closed"),
  "responder fails": (it: HopMessages) => it.responderFailed("peer-reset"),
} as const satisfies Record<string, (messages: HopMessages) => void>;

/** A way through an exchange: each step with the states behind it, requester's and responder's. */
type Way = readonly (readonly [Step, RequesterState, ResponderState])[];

const ways: Record<string, { readonly way: Way; readonly closes: string | undefined }> = {
  "a request without a body, and the next one": {
    way: [
      ["request whole", "done", "awaited"],
      ["final", "done", "body"],
      ["response whole", "done", "done"],
      ["next", "idle", "idle"],
      ["request whole", "done", "awaited"],
      ["final", "done", "body"],
      ["response whole", "done", "done"],
    ],
    closes: undefined,
  },
  "everything in pieces": {
    way: [
      ["request begins", "head", "idle"],
      ["request, body follows", "body", "awaited"],
      ["request whole", "done", "awaited"],
      ["response begins", "done", "head"],
      ["103", "done", "interim"],
      ["response begins", "done", "head"],
      ["final", "done", "body"],
      ["response whole", "done", "done"],
    ],
    closes: undefined,
  },
  "Expect: 100-continue, and 100 comes": {
    way: [
      ["request, body waits", "awaits-continue", "awaited"],
      ["100", "body", "interim"],
      ["request whole", "done", "interim"],
      ["final", "done", "body"],
      ["response whole", "done", "done"],
    ],
    closes: undefined,
  },
  "Expect: 100-continue, and the client does not wait": {
    way: [
      ["request, body waits", "awaits-continue", "awaited"],
      ["request body", "body", "awaited"],
      ["100", "body", "interim"],
      ["request whole", "done", "interim"],
    ],
    closes: "response-truncated",
  },
  "Expect: 100-continue, and another 1xx comes": {
    way: [
      ["request, body waits", "awaits-continue", "awaited"],
      ["103", "awaits-continue", "interim"],
    ],
    closes: "response-truncated",
  },
  "Expect: 100-continue, and the final response comes instead": {
    way: [
      ["request, body waits", "awaits-continue", "awaited"],
      ["final", "dropped", "body"],
      ["response whole", "dropped", "must-close"],
    ],
    closes: "request-unfinished",
  },
  "the final response begins while the request goes on, and both end": {
    way: [
      ["request, body follows", "body", "awaited"],
      ["final", "body", "body"],
      ["request whole", "done", "body"],
      ["response whole", "done", "done"],
    ],
    closes: undefined,
  },
  "the response is whole before the request": {
    way: [
      ["request, body follows", "body", "awaited"],
      ["final", "body", "body"],
      ["response whole", "body", "done"],
      ["request whole", "done", "done"],
    ],
    closes: undefined,
  },
  "the response is whole, and the rest of the request is not wanted": {
    way: [
      ["request, body follows", "body", "awaited"],
      ["final", "body", "body"],
      ["response whole", "body", "done"],
      ["request dropped", "dropped", "done"],
    ],
    closes: "request-unfinished",
  },
  "the rest of a dropped request comes all the same": {
    way: [
      ["request, body follows", "body", "awaited"],
      ["request dropped", "dropped", "awaited"],
      ["final", "dropped", "body"],
      ["request whole", "dropped", "body"],
      ["response whole", "dropped", "must-close"],
    ],
    closes: "request-unfinished",
  },
  "`Connection: close` in the request": {
    way: [
      ["request whole", "done", "awaited"],
      ["must close", "must-close", "awaited"],
      ["final", "must-close", "body"],
      ["response whole", "must-close", "must-close"],
    ],
    closes: "close-received",
  },
  "`Connection: close` in the response to a request that goes on": {
    way: [
      ["request, body follows", "body", "awaited"],
      ["must close", "body", "awaited"],
      ["final", "body", "body"],
      ["response whole", "body", "must-close"],
      ["request whole", "must-close", "must-close"],
    ],
    closes: "close-received",
  },
  "a response that only a close ends": {
    way: [
      ["request whole", "done", "awaited"],
      ["final, ends by close", "must-close", "body-to-close"],
      ["response whole", "must-close", "must-close"],
    ],
    closes: "close-delimited",
  },
  "and its close": {
    way: [
      ["request whole", "done", "awaited"],
      ["final, ends by close", "must-close", "body-to-close"],
      ["responder ends", "must-close", "closed"],
    ],
    closes: "close-delimited",
  },
  "101 to an upgrade": {
    way: [
      ["request whole, offers a switch", "might-switch", "awaited"],
      ["switched", "switched", "switched"],
    ],
    closes: "response-truncated",
  },
  "101 to an upgrade with a body, behind 103": {
    way: [
      ["request, body follows", "body", "awaited"],
      ["103", "body", "interim"],
      ["request whole, offers a switch", "might-switch", "interim"],
      ["switched", "switched", "switched"],
    ],
    closes: "response-truncated",
  },
  "an upgrade that is refused": {
    way: [
      ["request whole, offers a switch", "might-switch", "awaited"],
      ["final", "done", "body"],
      ["response whole", "done", "done"],
      ["next", "idle", "idle"],
    ],
    closes: "response-truncated",
  },
  "a CONNECT that is refused, so that nothing may follow": {
    way: [
      ["request whole, offers a switch", "might-switch", "awaited"],
      ["must close", "might-switch", "awaited"],
      ["final", "must-close", "body"],
      ["response whole", "must-close", "must-close"],
    ],
    closes: "close-received",
  },
  "a head that is refused before it is whole": {
    way: [
      ["request begins", "head", "idle"],
      ["answered by itself", "dropped", "must-close"],
    ],
    closes: "request-refused",
  },
  "a request that is cut short": {
    way: [
      ["request, body follows", "body", "awaited"],
      ["requester ends", "error", "awaited"],
    ],
    closes: "peer-closed",
  },
  "a response that is cut short": {
    way: [
      ["request whole", "done", "awaited"],
      ["final", "done", "body"],
      ["responder ends", "done", "error"],
    ],
    closes: "peer-closed",
  },
  "a client that half-closes behind its request": {
    way: [
      ["request whole", "done", "awaited"],
      ["requester ends", "closed", "awaited"],
      ["final", "closed", "body"],
      ["response whole", "closed", "must-close"],
    ],
    closes: "peer-closed",
  },
};

describe("ways through an exchange", () => {
  it.each(Object.entries(ways))("%s", (_name, { way, closes }) => {
    const messages = new HopMessages();
    const states = way.map(([step]) => {
      steps[step](messages);
      return [step, messages.requester, messages.responder];
    });
    expect(states).toStrictEqual(way);
    expect(reasonToClose(messages)).toBe(closes);
  });
});

describe("what cannot happen is a fault of our own", () => {
  const impossible: readonly (readonly [string, readonly Step[], string])[] = [
    ["a second request in the first", ["request whole", "request whole"], "a requester that is done cannot see whole"],
    ["a response to nothing", ["final"], "a responder that is idle cannot see final"],
    ["a second final response", ["request whole", "final", "final"], "a responder that is body cannot see final"],
    ["an interim response behind the final one", ["request whole", "final", "100"], "that is body cannot see interim"],
    [
      "more of a whole response",
      ["request whole", "final", "response whole", "response whole"],
      "done cannot see whole",
    ],
    ["a switch that was not offered", ["request whole", "switched"], "a requester that is done offers no switch"],
    [
      "a switch in the middle of the request",
      ["request, body follows", "switched"],
      "a requester that is body offers no switch",
    ],
    ["going on behind half a response", ["request whole", "final", "next"], "a responder that is body cannot see next"],
    [
      "going on in half a request",
      ["request, body follows", "final", "response whole", "next"],
      "body cannot see next",
    ],
    [
      "going on although it was said that nothing follows",
      ["request whole", "must close", "final", "response whole", "next"],
      "a requester that is must-close cannot see next",
    ],
    [
      "a request behind an end",
      ["requester ends", "request begins"],
      "a requester that is closed cannot see head-began",
    ],
  ];
  it.each(impossible)("%s", (_name, way, fault) => {
    const messages = new HopMessages();
    for (const step of way.slice(0, -1)) steps[step](messages);
    expect(() => steps[way.at(-1) as Step](messages)).toThrow(fault);
  });
});

it("the first reason to close is the one that counts", () => {
  const messages = new HopMessages();
  messages.requestHead(false);
  messages.mustClose("close-received");
  messages.mustClose("drained");
  messages.drop("request-unfinished");
  messages.final(true);
  expect(messages.closeReason).toBe("close-received");
});

/** Numbers from 0 up to `below`, always the same for one seed. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What is known of the same steps without any states. */
class Ledger {
  isRequestOpen = false;
  isResponseOwed = false;
  isLast = false;

  note(step: Step): void {
    switch (step) {
      case "request begins":
      case "request, body follows":
      case "request, body waits":
        this.isRequestOpen = true;
        this.isResponseOwed = true;
        break;
      case "request whole":
      case "request whole, offers a switch":
        this.isResponseOwed ||= !this.isRequestOpen;
        this.isRequestOpen = false;
        break;
      case "response whole":
        this.isResponseOwed = false;
        break;
      case "final, ends by close":
      case "request dropped":
      case "answered by itself":
      case "must close":
      case "switched":
      case "requester ends":
      case "responder ends":
      case "responder fails":
        this.isLast = true;
        break;
    }
  }
}

describe("however the steps fall", () => {
  const usual = [
    "request begins",
    "request, body follows",
    "request, body waits",
    "request body",
    "request whole",
    "request whole, offers a switch",
    "response begins",
    "100",
    "103",
    "final",
    "response whole",
    "next",
  ] as const satisfies readonly Step[];
  const all = Object.keys(steps) as Step[];
  const isWholeAndMayGoOn = { isRequestOpen: false, isResponseOwed: false, isLast: false };

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("seed %i: nothing follows half a message, or the last one", (seed) => {
    const below = numbersFrom(seed);
    const count = { persisted: 0, last: 0, refused: 0 };
    const isOurs = /^Error: a (requester|responder) that is \S+ (cannot see \S+|offers no switch)$/;
    for (let walk = 0; walk < 100; walk++) {
      let messages = new HopMessages();
      let ledger = new Ledger();
      for (let turn = 0; turn < 60; turn++) {
        const names = below(20) === 0 ? all : usual;
        const step = names[below(names.length)] as Step;
        const tried = Object.assign(new HopMessages(), messages);
        try {
          steps[step](tried);
        } catch (fault) {
          count.refused++;
          if (!isOurs.test(String(fault))) throw fault;
          continue;
        }
        messages = tried;
        if (step === "next") {
          expect(ledger).toMatchObject(isWholeAndMayGoOn);
          expect(mayBegin(messages)).toBe(true);
          ledger = new Ledger();
          count.persisted++;
          continue;
        }
        ledger.note(step);
        if (reasonToClose(messages) === undefined) expect(ledger).toMatchObject(isWholeAndMayGoOn);
        if (!ledger.isLast) continue;
        count.last++;
        expect(mayBegin(messages)).toBe(false);
        expect(reasonToClose(messages)).toBeDefined();
      }
    }
    for (const often of Object.values(count)) expect(often).toBeGreaterThan(20);
  });
});
