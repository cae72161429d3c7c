/** Writes the chunked transfer coding (RFC 9112 section 7.1): the framing around chunk data, which stays uncopied. */

/** The line before chunk data of `size` octets; `size` is more than 0, since 0 would end the body. */
export function chunkStart(size: number): string {
  return `${size.toString(16)}\r\n`;
}

/** What follows chunk data. */
export const CHUNK_END = "\r\n";

/** The end of a chunked body. @param trailerLines field lines, each with its CRLF. */
export function lastChunk(trailerLines: string): string {
  return `0\r\n${trailerLines}\r\n`;
}
