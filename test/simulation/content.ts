/**
 * Bodies: every octet follows from the request's id and the attempt, and is checked at the other end.
 *
 * They look like what a confused parser would take for framing: line ends, chunk ends, whole messages. Deliberately
 * absent: randomness of their own; the id says it all.
 */
const baits = [
  "\r\n\r\n",
  "0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
  "\x00\xff\xfe\x80",
  "\n5\r\nabcde\r\n",
  "-",
];

/** `length` octets, as latin1 text. */
export function content(id: string, attempt: number, length: number): string {
  const parts: string[] = [];
  let total = 0;
  for (let block = 0; total < length; block++) {
    const bait = baits[(block * 5 + attempt + id.length) % baits.length] as string;
    const part = `<${id}.${attempt}:${block}>${bait}`;
    parts.push(part);
    total += part.length;
  }
  return parts.join("").slice(0, length);
}
