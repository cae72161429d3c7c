/**
 * Content that belongs to one message of one exchange and to no other: octets made from its id, checked at the far end.
 */

/** `length` octets (as latin1) of the message `name`. */
export function contentOf(name: string, length: number): string {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = hashOf(name) | 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, length).toString("latin1");
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
