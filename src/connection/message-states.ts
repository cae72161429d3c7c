/**
 * How far the two messages of one exchange are on one hop, as a table: the requester's and the responder's.
 *
 * As in h11, each role has a small set of states, and the table does not know at which end of the connection it is: both ends of a
 * hop go through the same steps, one of them writing what the other one reads.
 *
 *   requester         what its request is                      responder       what its response is
 *   idle              nothing of it has come                   idle            nothing was asked
 *   head              a part of its head                       awaited         owed; nothing of it has come
 *   awaits-continue   its head; the body waits for 100         head            a part of a head
 *   body              its head, and perhaps some of the body   interim         1xx came; another head is owed
 *   done              all of it                                body            its final head, and perhaps some of the body
 *   might-switch      all of it, and it offers to switch       body-to-close   as `body`; only a close shows the end
 *   dropped           given up: the rest is not wanted         done            all of it
 *   must-close        all of it, and no other may follow       must-close      all of it, and no other may follow
 *
 *   both: switched (not HTTP any more), closed (ended in order), error (ended in the middle, or not to be read)
 *
 * What one role does can move the other, as `meaningForResponder` and `meaningForRequester` say. That no other exchange follows is
 * known before the messages are whole, so it is remembered with its reason (`closeReason`), and both roles become `must-close` instead
 * of `done`.
 *
 * What may be done follows from the states, by the functions at the end. It lies in this room because everybody who speaks HTTP/1
 * uses it: both hops of the proxy and the lab's actors. Deliberately absent: pipelined requests, which begin when the exchange
 * before them is over; the transport's own state (blocked, paused, a FIN behind bytes that were not read yet).
 */
import type { CloseReason } from "./reasons.ts";

export const requesterTransitions = {
  idle: {
    "head-began": "head",
    "body-waits": "awaits-continue",
    "body-follows": "body",
    whole: "done",
    "must-close": "must-close",
    ended: "closed",
  },
  head: {
    "body-waits": "awaits-continue",
    "body-follows": "body",
    whole: "done",
    dropped: "dropped",
    "must-close": "head",
    ended: "error",
  },
  "awaits-continue": {
    "body-follows": "body",
    dropped: "dropped",
    "must-close": "awaits-continue",
    ended: "error",
  },
  body: { whole: "done", dropped: "dropped", "must-close": "body", ended: "error" },
  done: {
    "switch-offered": "might-switch",
    "must-close": "must-close",
    next: "idle",
    ended: "closed",
  },
  "might-switch": {
    switched: "switched",
    "switch-refused": "done",
    "must-close": "might-switch",
    ended: "closed",
  },
  // What comes of it all the same is thrown away.
  dropped: { whole: "dropped", "must-close": "dropped", ended: "closed" },
  "must-close": { "must-close": "must-close", ended: "closed" },
  switched: {},
  closed: { "must-close": "closed", ended: "closed" },
  error: { "must-close": "error", ended: "error" },
} as const;

export const responderTransitions = {
  idle: { asked: "awaited", "must-close": "idle", ended: "closed", failed: "error" },
  awaited: {
    "head-began": "head",
    interim: "interim",
    final: "body",
    "final-to-close": "body-to-close",
    switched: "switched",
    "must-close": "awaited",
    ended: "error",
    failed: "error",
  },
  head: {
    interim: "interim",
    final: "body",
    "final-to-close": "body-to-close",
    switched: "switched",
    "must-close": "head",
    ended: "error",
    failed: "error",
  },
  interim: {
    "head-began": "head",
    interim: "interim",
    final: "body",
    "final-to-close": "body-to-close",
    switched: "switched",
    "must-close": "interim",
    ended: "error",
    failed: "error",
  },
  body: { whole: "done", "must-close": "body", ended: "error", failed: "error" },
  "body-to-close": { whole: "done", "must-close": "body-to-close", ended: "closed", failed: "error" },
  done: { "must-close": "must-close", next: "idle", ended: "closed", failed: "error" },
  "must-close": { "must-close": "must-close", ended: "closed", failed: "error" },
  switched: {},
  closed: { "must-close": "closed", ended: "closed", failed: "closed" },
  error: { "must-close": "error", ended: "error", failed: "error" },
} as const;

export type RequesterState = keyof typeof requesterTransitions;
export type ResponderState = keyof typeof responderTransitions;

/** Every event, role by role. */
export const requesterEvents = [
  "head-began",
  "body-waits",
  "body-follows",
  "whole",
  "switch-offered",
  "switch-refused",
  "switched",
  "dropped",
  "must-close",
  "next",
  "ended",
] as const;
export const responderEvents = [
  "asked",
  "head-began",
  "interim",
  "final",
  "final-to-close",
  "whole",
  "switched",
  "must-close",
  "next",
  "ended",
  "failed",
] as const;
export type RequesterEvent = (typeof requesterEvents)[number];
export type ResponderEvent = (typeof responderEvents)[number];

/** What an event of the requester means for a responder in this state; in others it means nothing. */
export const meaningForResponder: Partial<Record<RequesterEvent, Partial<Record<ResponderState, ResponderEvent>>>> = {
  "body-waits": { idle: "asked" },
  "body-follows": { idle: "asked" },
  whole: { idle: "asked" },
  // A head that is refused before it is whole is answered, too.
  dropped: { idle: "asked" },
};

/** What an event of the responder means for a requester in this state. `continue`: the interim response was 100 (Continue). */
export const meaningForRequester: Partial<
  Record<ResponderEvent | "continue", Partial<Record<RequesterState, RequesterEvent>>>
> = {
  continue: { "awaits-continue": "body-follows" },
  // It came instead of 100 (Continue): whether the body still follows is anybody's guess (RFC 9110 section 10.1.1).
  final: { "awaits-continue": "dropped", "might-switch": "switch-refused" },
  "final-to-close": { "awaits-continue": "dropped", "might-switch": "switch-refused" },
  switched: { "might-switch": "switched" },
};

/** Where `event` leads from `state`; undefined: it cannot happen there. */
export function nextRequesterState(state: RequesterState, event: RequesterEvent): RequesterState | undefined {
  return (requesterTransitions[state] as Partial<Record<RequesterEvent, RequesterState>>)[event];
}

export function nextResponderState(state: ResponderState, event: ResponderEvent): ResponderState | undefined {
  return (responderTransitions[state] as Partial<Record<ResponderEvent, ResponderState>>)[event];
}

/** The messages of one exchange on one hop. Whoever holds it goes on to the next exchange with `next`. */
export class HopMessages {
  requester: RequesterState = "idle";
  responder: ResponderState = "idle";
  /** Why no other exchange follows; one may: undefined. The first reason given is the one that counts. */
  closeReason: CloseReason | undefined;

  // The steps that each exchange takes are known by heart from where they usually begin.

  // The request.

  /** A part of its head. */
  requestBegan(): void {
    this.moveRequester("head-began");
  }

  /** Its head is whole, and a body follows. @param waits for 100 (Continue) */
  requestHead(waits: boolean): void {
    if (!waits && this.requester === "idle" && this.responder === "idle") {
      this.requester = requesterTransitions.idle["body-follows"];
      this.responder = responderTransitions.idle.asked;
    } else {
      this.moveRequester(waits ? "body-waits" : "body-follows");
    }
  }

  /** Its body begins, where it waited for 100 (Continue) or might have. */
  requestBody(): void {
    if (this.requester === "awaits-continue") this.moveRequester("body-follows");
  }

  /** All of it. @param offersSwitch it is a CONNECT, or offers an upgrade */
  requestWhole(offersSwitch: boolean): void {
    if (this.requester === "body") {
      this.requester = requesterTransitions.body.whole;
    } else if (this.requester === "idle" && this.responder === "idle") {
      this.requester = requesterTransitions.idle.whole;
      this.responder = responderTransitions.idle.asked;
    } else {
      this.moveRequester("whole");
    }
    if (offersSwitch && this.requester === "done") this.moveRequester("switch-offered");
    else if (this.closeReason !== undefined) this.moveRequester("must-close");
  }

  /** What is missing of it is not wanted, so that nothing can follow. */
  drop(reason: CloseReason): void {
    this.closeReason ??= reason;
    this.moveRequester("dropped");
  }

  // The response.

  responseBegan(): void {
    this.moveResponder("head-began");
  }

  interim(status: number): void {
    this.moveResponder("interim");
    if (status === 100) this.tellRequester("continue");
  }

  /** The final response's head. @param endsByClose only a close shows the end of its body */
  final(endsByClose: boolean): void {
    if (this.requester === "done" && this.responder === "awaited" && !endsByClose) {
      this.responder = responderTransitions.awaited.final;
      return;
    }
    if (endsByClose) this.closeReason ??= "close-delimited";
    this.moveResponder(endsByClose ? "final-to-close" : "final");
    if (this.requester === "dropped") this.closeReason ??= "request-unfinished";
    if (this.closeReason !== undefined) this.settle();
  }

  /** All of it. */
  responseWhole(): void {
    if (this.responder === "body") this.responder = responderTransitions.body.whole;
    else this.moveResponder("whole");
    if (this.closeReason !== undefined) this.moveResponder("must-close");
  }

  // Both.

  /** Whatever has come of the request is answered, and nothing more of it is wanted. */
  answered(reason: CloseReason): void {
    if (this.requester === "idle") this.requestBegan();
    this.drop(reason);
    this.final(false);
    this.responseWhole();
  }

  /** 101, or 2xx to CONNECT. */
  switched(): void {
    if (this.requester !== "might-switch") throw new Error(`a requester that is ${this.requester} offers no switch`);
    this.moveResponder("switched");
  }

  /** No other exchange follows. */
  mustClose(reason: CloseReason): void {
    this.closeReason ??= reason;
    this.settle();
  }

  private settle(): void {
    this.moveRequester("must-close");
    this.moveResponder("must-close");
  }

  /** The next exchange may begin. */
  next(): void {
    if (this.requester === "done" && this.responder === "done") {
      this.requester = requesterTransitions.done.next;
      this.responder = responderTransitions.done.next;
    } else {
      this.moveRequester("next");
      this.moveResponder("next");
    }
  }

  /** The requester has closed its side in order, and everything before that was read. */
  requesterEnded(reason: CloseReason): void {
    this.closeReason ??= reason;
    this.moveRequester("ended");
  }

  /** So has the responder. */
  responderEnded(reason: CloseReason): void {
    this.closeReason ??= reason;
    this.moveResponder("ended");
  }

  /** The response cannot be read on, or the rest of it is lost. */
  responderFailed(reason: CloseReason): void {
    this.closeReason ??= reason;
    this.moveResponder("failed");
  }

  private moveRequester(event: RequesterEvent): void {
    const next = nextRequesterState(this.requester, event);
    if (next === undefined) throw new Error(`a requester that is ${this.requester} cannot see ${event}`);
    this.requester = next;
    const meaning = meaningForResponder[event]?.[this.responder];
    if (meaning !== undefined) this.moveResponder(meaning);
  }

  private moveResponder(event: ResponderEvent): void {
    const next = nextResponderState(this.responder, event);
    if (next === undefined) throw new Error(`a responder that is ${this.responder} cannot see ${event}`);
    this.responder = next;
    this.tellRequester(event);
  }

  private tellRequester(event: ResponderEvent | "continue"): void {
    const meaning = meaningForRequester[event]?.[this.requester];
    if (meaning !== undefined) this.moveRequester(meaning);
  }
}

/** Of all connections on which there is no exchange: those are many. */
export const idleMessages: HopMessages = new HopMessages();
Object.freeze(idleMessages);

// What follows from the states.

/** Whether another request may be read, or written. */
export function mayBegin({ requester, responder }: HopMessages): boolean {
  return requester === "idle" && responder === "idle";
}

/** Whether more of the request's body may come. */
export function mayBodyGoOn(requester: RequesterState): boolean {
  return requester === "body" || requester === "awaits-continue";
}

/** Whether the response is owed and nothing has come: of any, or of the next one behind an interim one. */
export function isAwaited(responder: ResponderState): boolean {
  return responder === "awaited" || responder === "interim";
}

/** Whether the final response's head has come, and its body has not ended. */
export function isInBody(responder: ResponderState): boolean {
  return responder === "body" || responder === "body-to-close";
}

/**
 * Whether an orderly end now (FIN) is the end of the response, as far as anybody can see. Its reader has all of it then; its writer,
 * if there should have been more, has to reset.
 */
export function looksWholeAtEnd(responder: ResponderState): boolean {
  return isInBody(responder) && nextResponderState(responder, "ended") === "closed";
}

/** Whether all of the message has come. */
export function isWhole(state: RequesterState | ResponderState): boolean {
  return state === "done" || state === "must-close" || state === "might-switch";
}

/** Whether a requester that ends its side now leaves a request that is incomplete. */
export function cutsRequestShort(requester: RequesterState): boolean {
  return requester !== "error" && nextRequesterState(requester, "ended") === "error";
}

/** Why no other exchange may follow once this one is over; one may: undefined. */
export function reasonToClose({ requester, responder, closeReason }: HopMessages): CloseReason | undefined {
  if (requester === "done" && responder === "done") return undefined;
  return closeReason ?? (isWhole(responder) ? "request-unfinished" : "response-truncated");
}
