/**
 * The key that an Upgrade to WebSocket has in HTTP/1.1 and a CONNECT of HTTP/2 does not (RFC 8441 section 5), and the proof of it that
 * an origin owes (RFC 6455 sections 4.1 and 4.2.2).
 */
import { createHash, randomBytes } from "node:crypto";

const KEY_BYTES = 16;
/** RFC 6455 section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export function newWebSocketKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}

/** What `Sec-WebSocket-Accept` is to say. */
export function acceptanceOf(key: string): string {
  return createHash("sha1").update(`${key}${GUID}`, "latin1").digest("base64");
}
