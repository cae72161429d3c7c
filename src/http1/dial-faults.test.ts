/** Why no connection to an origin could be opened, as `Proxy-Status` tells it. */
import { describe, expect, it } from "vitest";
import { errorAnswer } from "./answer-text.ts";
import { dialErrorText, dialErrorType } from "./dial-faults.ts";

const types: Readonly<Record<string, readonly string[]>> = {
  connection_refused: ["ECONNREFUSED"],
  connection_terminated: ["ECONNRESET", "EPIPE"],
  connection_timeout: ["ETIMEDOUT"],
  destination_ip_unroutable: ["EHOSTUNREACH", "ENETUNREACH"],
  dns_error: ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL"],
  dns_timeout: ["ETIMEOUT"],
  tls_certificate_error: [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "CERT_HAS_EXPIRED",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "HOSTNAME_MISMATCH",
  ],
  tls_alert_received: [
    "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
    "ERR_SSL_TLSV1_UNRECOGNIZED_NAME",
  ],
  tls_protocol_error: ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_TLS_HANDSHAKE_TIMEOUT", "EPROTO"],
  proxy_internal_error: ["EMFILE", "EADDRNOTAVAIL"],
  destination_unavailable: ["", "ENOENT", "EACCES"],
};

describe("what a dial failed for, in the words of RFC 9209 section 2.3", () => {
  it.each(Object.entries(types))("%s", (type, faults) => {
    expect(faults.map(dialErrorType)).toEqual(faults.map(() => type));
  });
});

it("is told beside the reason; other reasons have a type of their own", () => {
  const context = { accept: undefined, isHead: false, date: "", connectionLines: "", viaName: "p" };
  const told = (reason: "connect-failed" | "connect-timeout" | "upstream-closed", fault = "ECONNREFUSED") =>
    /Proxy-Status: (.*)\r\n/.exec(errorAnswer(reason, context, fault))?.[1];
  expect(told("connect-failed")).toBe('p; error=connection_refused; details="connect-failed"');
  expect(told("connect-timeout", "ETIMEDOUT")).toBe('p; error=connection_timeout; details="connect-timeout"');
  expect(told("connect-timeout", "ETIMEOUT")).toBe('p; error=dns_timeout; details="connect-timeout"');
  expect(told("upstream-closed")).toBe('p; error=connection_terminated; details="upstream-closed"');
});

it("an alert that comes behind the handshake is told as one: the origin has asked for a certificate in vain", () => {
  const context = { accept: undefined, isHead: false, date: "", connectionLines: "", viaName: "p" };
  for (const fault of ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"]) {
    const answer = errorAnswer("upstream-closed", context, fault);
    expect(answer).toContain('Proxy-Status: p; error=tls_alert_received; details="upstream-closed"');
    expect(answer).toContain("502 Bad Gateway: upstream-closed\nThe origin broke off the TLS handshake.");
  }
  for (const fault of ["ECONNRESET", "ERR_SSL_WRONG_VERSION_NUMBER", ""])
    expect(errorAnswer("upstream-closed", context, fault)).toContain("error=connection_terminated");
});

describe("the answer tells people what kind of failure it is, and where to look", () => {
  const answerTo = (fault: string, accept?: string) =>
    errorAnswer("connect-failed", { accept, isHead: false, date: "", connectionLines: "", viaName: "p" }, fault);

  it.each([
    ["ENOTFOUND", /name cannot be resolved.*spelling/],
    ["EAI_AGAIN", /name cannot be resolved/],
    ["ECONNREFUSED", /Nothing accepts connections.*runs/],
    ["ETIMEDOUT", /does not answer.*firewall/],
    ["EHOSTUNREACH", /No route leads/],
    ["CERT_HAS_EXPIRED", /certificate is not trusted, not valid now, or for another name/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", /certificate/],
    ["ERR_SSL_WRONG_VERSION_NUMBER", /does not speak TLS/],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", /broke off the TLS handshake/],
    ["EMFILE", /no file descriptor/],
    ["", /could be opened/],
  ])("%s", (fault, says) => {
    const [, body = ""] = answerTo(fault).split("\r\n\r\n");
    expect(body).toMatch(/^502 Bad Gateway: connect-failed\n/);
    expect(body).toMatch(says);
    const [, problem = ""] = answerTo(fault, "application/problem+json").split("\r\n\r\n");
    expect(JSON.parse(problem)).toMatchObject({ reason: "connect-failed", detail: expect.stringMatching(says) });
  });

  it("in sentences of their own, and in no word of the system's", () => {
    const faults = Object.values(types).flat();
    const texts = new Set(faults.map((fault) => dialErrorText(dialErrorType(fault))));
    expect(texts.size).toBe(Object.keys(types).length);
    for (const text of texts) expect(text).toMatch(/^(?:[A-Z][a-z][\x20-\x7e]*\.){1,2}$/);
    for (const fault of faults) if (fault !== "") expect(answerTo(fault)).not.toContain(fault);
  });
});
