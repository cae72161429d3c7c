/** The checksum CRC-32C (Castagnoli, RFC 9260 appendix A), one byte at a time: headers that have one are short. */

const POLYNOMIAL_REFLECTED = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL_REFLECTED : value >>> 1;
  return value;
});

/** Of bytes, where those in `zeroFrom` up to `zeroTo` count as zero: a checksum is not part of what it covers. */
export function crc32c(bytes: Uint8Array, zeroFrom = 0, zeroTo = 0): number {
  let value = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) {
    const byte = at >= zeroFrom && at < zeroTo ? 0 : (bytes[at] ?? 0);
    value = (value >>> 8) ^ (table[(value ^ byte) & 0xff] ?? 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}
