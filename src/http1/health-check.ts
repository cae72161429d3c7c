/**
 * One health check: a GET on a connection of its own, read by the same code as every other response.
 *
 * The connection is new each time and closes behind the response: that shows that the endpoint still takes connections, which an old one would
 * not, and costs no place in the pool. Its status decides once the response is whole, or long enough. Deliberately absent: how often, and
 * what follows, see pool/checking.ts and pool/check-verdict.ts.
 */
import { type Confined, confine } from "../connection/confining.ts";
import type { CheckResult } from "../connection/connection-record.ts";
import { HopMessages, isWhole, looksWholeAtEnd } from "../connection/message-states.ts";
import type { CheckFailure } from "../connection/reasons.ts";
import type { Address, Clock, Dialer, DialHandler, GiveUp, Socket, SocketHandler } from "../net/ports.ts";
import type { CheckEndpoint } from "../pool/checking.ts";
import type { CheckPlan } from "../pool/group.ts";
import type { OriginAddress } from "../pool/origin-address.ts";
import type { ConnectionOptions } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import { ownProxyHeader } from "../wire/proxy-header-writing.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import { dialErrorType } from "./dial-faults.ts";
import { type ResponseLimits, ResponseReader, type ResponseReceiver } from "./response-reader.ts";

/** So much of a response is read; what is longer counts as whole. Pages for checks are small, but any page may be asked for. */
const READ_BYTES_MAX = 65_536;

export interface CheckPorts {
  readonly clock: Clock;
  readonly dialer: Dialer;
  readonly limits: ResponseLimits;
  readonly internalError: (fault: unknown) => void;
}

/** What asks endpoints over HTTP/1. */
export function http1Checks(ports: CheckPorts): CheckEndpoint {
  return (origin, plan, tell) => {
    const check = new HealthCheck(ports, origin, plan, tell);
    return () => check.giveUp();
  };
}

class HealthCheck implements DialHandler, SocketHandler, ResponseReceiver, Confined {
  private readonly ports: CheckPorts;
  private readonly origin: OriginAddress;
  private readonly plan: CheckPlan;
  private readonly tell: (result: CheckResult) => void;
  private readonly messages = new HopMessages();
  private readonly response: ResponseReader;
  private readonly stopDial: GiveUp;
  private readonly stopTimer: () => void;
  private isDialing = true;
  private socket: Socket | undefined;
  /** Of the final response; it has not come: 0. */
  private status = 0;
  private bytes = 0;
  private isOver = false;

  constructor(ports: CheckPorts, origin: OriginAddress, plan: CheckPlan, tell: (result: CheckResult) => void) {
    this.ports = ports;
    this.origin = origin;
    this.plan = plan;
    this.tell = tell;
    this.response = new ResponseReader("GET", ports.limits, this);
    // An answer that has come is not late because this process was busy.
    this.stopTimer = ports.clock.after(plan.timeout_ms, () => ports.clock.afterArrivals(() => this.onTimeout()));
    this.stopDial = ports.dialer.dial(placeOf(origin), this);
  }

  /** Nobody wants to know any more. */
  giveUp(): void {
    this.end();
  }

  // The way there.

  onConnected(socket: Socket): void {
    this.isDialing = false;
    this.socket = socket;
    socket.handler = this;
    const { path, host = this.origin.authority } = this.plan;
    this.messages.requestWhole(false);
    this.messages.mustClose("close-received");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: hopwise\r\nConnection: close\r\n\r\n`);
  }

  onFailed(fault: string): void {
    this.isDialing = false;
    this.fail(failureOf(fault), fault);
  }

  /** @internal */
  onTimeout(): void {
    if (this.isOver) return;
    const isNameUnknown = this.isDialing && this.stopDial() === "name";
    this.isDialing = false;
    this.fail(isNameUnknown ? "name-unresolved" : "timeout", isNameUnknown ? "ETIMEOUT" : "ETIMEDOUT");
  }

  // The response.

  onData(octets: Octets): void {
    if (this.isOver || isWhole(this.messages.responder)) return;
    this.bytes += octets.length;
    this.response.read(octets);
    if (this.isOver || this.bytes < READ_BYTES_MAX) return;
    if (this.status === 0) this.fail("malformed", "too long");
    else this.judge();
  }

  onTolerated(): void {}

  onHeadBegun(): void {
    this.messages.responseBegan();
  }

  onInterim({ status }: ResponseMessage): boolean {
    this.messages.interim(status);
    return true;
  }

  onFinal({ status }: ResponseMessage, _options: ConnectionOptions, framing: Framing): boolean {
    this.messages.final(framing.kind === "close");
    this.status = status;
    return true;
  }

  onBodyOctets(): void {}

  onComplete(): void {
    this.messages.responseWhole();
    this.judge();
  }

  /** It was not asked for. */
  onSwitch(): void {
    this.fail("status", "101");
  }

  onMalformed(refusal: RefusalCode): void {
    this.fail("malformed", refusal);
  }

  onEnd(isCutOff?: boolean): void {
    if (this.isOver) return;
    if (isCutOff !== true && looksWholeAtEnd(this.messages.responder)) return this.response.endByClose();
    this.fail("closed", "");
  }

  onDrain(): void {}

  onClose(fault = ""): void {
    this.fail("closed", fault);
  }

  // How it ends.

  private judge(): void {
    const { status } = this;
    const isWell = this.plan.statuses.some(([from, to]) => status >= from && status <= to);
    if (isWell) this.finish("passed");
    else this.fail("status", String(status));
  }

  private fail(failure: CheckFailure, detail: string): void {
    this.finish({ failure, detail });
  }

  private finish(result: CheckResult): void {
    if (this.isOver) return;
    this.end();
    this.tell(result);
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stopTimer();
    if (this.isDialing) this.stopDial();
    this.socket?.destroy();
  }

  breakDown(fault: unknown): void {
    this.ports.internalError(fault);
    this.fail("not-made", "internal-error");
  }
}

/** No client's, where connections name one. */
function placeOf({ address, proxyHeader }: OriginAddress): Address {
  return proxyHeader === undefined ? address : { ...address, preamble: ownProxyHeader(proxyHeader) };
}

confine(HealthCheck.prototype, "onConnected", "onFailed", "onTimeout", "onData", "onEnd", "onClose");

function failureOf(fault: string): CheckFailure {
  switch (dialErrorType(fault)) {
    case "dns_error":
    case "dns_timeout":
      return "name-unresolved";
    case "tls_alert_received":
    case "tls_certificate_error":
    case "tls_protocol_error":
      return "tls-failed";
    case "proxy_internal_error":
      return "not-made";
    default:
      return "connect-failed";
  }
}
