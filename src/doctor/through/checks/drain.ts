/**
 * What a drain costs: a command begins it (a signal, a deploy, a reload), and the doctor watches from both sides.
 *
 * Before it there are idle clients, one that waits for an answer, and one in the middle of a response. During it idle clients ask again,
 * and newcomers come, until the proxy listens no more and everybody is gone. Deliberately absent: the command.
 */

import { DialFault } from "../../probe/dialing.ts";
import { arrivalOrAnswer, caps, exchange, seconds, type ThroughCheck, unclear, whatIsMissing } from "../check.ts";
import { hasOption } from "../message-log.ts";
import type { Peer } from "../peer.ts";
import { answer, type Stage } from "../stage.ts";

const IDLE_CLIENTS = 3;
/** Between two looks. */
const TICK_MS = 100;
/** A drain that has not begun by then was none; one that goes on for longer is left. */
const BEGINS_WITHIN_MS = 10_000;
const WATCHED_MS = 20_000;
/** What is in progress stays so for this long once the drain shows. */
const HELD_MS = 500;

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";

class Watch {
  readonly stage: Stage;
  readonly idle: Peer[] = [];
  slow: Peer | undefined;
  streaming: Peer | undefined;
  private finish: (() => void) | undefined;
  served = 0;
  announced = 0;
  lostOnKept = 0;
  lostNewcomers = 0;
  isRefusing = false;
  /** Since when it shows. */
  shownSince_ms: number | undefined;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  /** @returns what is wrong already */
  async prepare(): Promise<string | undefined> {
    const { stage } = this;
    for (let index = 0; index < IDLE_CLIENTS; index++) {
      const client = await stage.client();
      const missing = whatIsMissing(await exchange(stage, client), client);
      if (missing !== undefined) return missing;
      this.idle.push(client);
    }
    const [slow, streaming] = [await stage.client(), await stage.client()];
    const marks = [stage.mark(), stage.mark()] as const;
    stage.ask(slow, marks[0]);
    stage.ask(streaming, marks[1]);
    const waits = await arrivalOrAnswer(stage, slow, marks[0], 1);
    const flows = await arrivalOrAnswer(stage, streaming, marks[1], 1);
    if (waits === undefined || flows === undefined) return "the requests did not reach the origin";
    flows.origin.send(CHUNKED);
    await stage.until(() => streaming.log.latest !== undefined, stage.pace.settle_ms);
    this.slow = slow;
    this.streaming = streaming;
    this.finish = () => {
      waits.origin.send(answer("slow"));
      flows.origin.send("4\r\nlast\r\n0\r\n\r\n");
    };
    return undefined;
  }

  /** Until nobody is left, or it takes too long. */
  async watch(begun_ms: number): Promise<void> {
    const { stage } = this;
    for (let turn = 0; ; turn++) {
      await stage.until(() => false, TICK_MS);
      const now = stage.now();
      await this.askOnKept(this.idle[turn % IDLE_CLIENTS]);
      await this.comeAnew();
      if (this.idle.some((client) => !client.isOpen)) this.shows();
      const { shownSince_ms } = this;
      if (shownSince_ms !== undefined && now - shownSince_ms >= HELD_MS) this.answerAll();
      if (shownSince_ms === undefined && now - begun_ms > BEGINS_WITHIN_MS) break;
      const isOver = this.isRefusing && this.idle.every((client) => !client.isOpen) && this.finish === undefined;
      if (isOver || now - begun_ms > WATCHED_MS) break;
    }
    this.answerAll();
    const { slow, streaming } = this;
    if (slow !== undefined) await stage.response(slow);
    if (streaming !== undefined) await stage.response(streaming);
  }

  private answerAll(): void {
    this.finish?.();
    this.finish = undefined;
  }

  private shows(): void {
    this.shownSince_ms ??= this.stage.now();
  }

  private async askOnKept(client: Peer | undefined): Promise<void> {
    if (client?.isOpen !== true) return;
    const { response } = await exchange(this.stage, client);
    if (response === undefined) this.lostOnKept++;
    else this.wasServed(response);
  }

  private wasServed(response: Parameters<typeof hasOption>[0]): void {
    const isAnnounced = hasOption(response, "close");
    if (isAnnounced) this.shows();
    if (this.shownSince_ms === undefined) return;
    this.served++;
    if (isAnnounced) this.announced++;
  }

  private async comeAnew(): Promise<void> {
    if (this.isRefusing) return;
    try {
      const client = await this.stage.client();
      const { response } = await exchange(this.stage, client);
      if (response === undefined) this.lostNewcomers++;
      else this.wasServed(response);
      client.destroy();
    } catch (error) {
      if (!(error instanceof DialFault)) throw error;
      this.isRefusing = true;
      this.shows();
    }
  }
}

export const DRAIN_ID = "HW940";

/** @param begin what makes the proxy drain */
export function drainLosesNothing(begin: () => void): ThroughCheck {
  return {
    id: DRAIN_ID,
    claim: "A proxy that is told to end finishes what is in progress, says close, and loses no request.",
    reference: "RFC 9112 section 9.6",
    consequence: "Every deploy costs somebody a request.",
    needs: "drain",
    async run(stage) {
      const watch = new Watch(stage);
      const missing = await watch.prepare();
      if (missing !== undefined) return unclear(missing);
      const begun_ms = stage.now();
      begin();
      await watch.watch(begun_ms);
      const { slow, streaming, served, announced, lostOnKept, lostNewcomers, shownSince_ms } = watch;
      const took_ms = Math.round(stage.now() - begun_ms);
      const values = {
        took_ms,
        served,
        announced_close: announced,
        lost_on_kept: lostOnKept,
        lost_newcomers: lostNewcomers,
      };
      const seen = [slow, streaming, ...watch.idle];
      const cut = [
        ...(slow?.log.latest?.body === "slow" ? [] : ["the response that was waited for"]),
        ...(streaming?.log.latest?.isComplete === true ? [] : ["the response that had begun"]),
      ];
      if (cut.length > 0)
        return { verdict: "fail", measured: `${cut.join(" and ")} did not come whole`, values, cap: caps.lost, seen };
      if (shownSince_ms === undefined)
        return unclear(`no drain showed within ${seconds(BEGINS_WITHIN_MS)}: the proxy served on as before`, ...seen);
      if (lostOnKept > 0)
        return {
          verdict: "fail",
          measured: `${lostOnKept} requests on kept connections got no response`,
          values,
          cap: caps.lost,
          seen,
        };
      if (lostNewcomers > 0)
        return {
          verdict: "advice",
          measured: `${lostNewcomers} newcomers were let in and got no response`,
          values,
          seen,
        };
      if (served > 0 && announced === 0) {
        return {
          verdict: "advice",
          measured: `${served} responses during the drain did not say close`,
          values,
          consequence: "Clients find out by a close in the middle of their next request.",
          seen,
        };
      }
      return {
        verdict: "pass",
        measured: `nothing was lost; ${served} more requests were served, ${announced} of them with close; over after ${seconds(took_ms)}`,
        values,
        seen,
      };
    },
  };
}
