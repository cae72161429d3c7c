/**
 * What an origin says to the request for a switch that a CONNECT of HTTP/2 has become: 101 as it should be, or as it must not pass for an
 * agreement (RFC 8441 section 5).
 *
 * Deliberately absent: final responses, see responses.ts.
 */
import { createHash } from "node:crypto";
import type { Random } from "../../src/net/simulated/random.ts";
import type { TunnelPlan } from "./http2-tunnel-world.ts";

/** RFC 6455 section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export function answerToTunnel(
  id: string,
  { protocol, answers }: TunnelPlan,
  key: string,
  random: Random,
): { readonly text: string; readonly agrees: boolean } {
  const right = protocol === "websocket" ? [`Sec-WebSocket-Accept: ${acceptanceOf(key)}`] : [];
  const agreement = [`Upgrade: ${protocol}`, ...right];
  const others: [string[], ...string[][]] = [["Upgrade: another", ...right]];
  if (protocol === "websocket") {
    others.push([`Upgrade: ${protocol}`], [...agreement, ...right]);
    others.push([`Upgrade: ${protocol}`, `Sec-WebSocket-Accept: ${acceptanceOf(`${key}x`)}`]);
  }
  const agrees = answers !== "wrong";
  const said = agrees ? agreement : random.pick(others);
  const lines = ["Connection: Upgrade", ...said, `X-Request-Id: ${id}`];
  return { text: `HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`, agrees };
}

function acceptanceOf(key: string): string {
  return createHash("sha1").update(`${key}${GUID}`, "latin1").digest("base64");
}
