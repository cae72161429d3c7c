/** A client that connects, asks once, and leaves: how long that takes, from the first SYN to the last octet. */
import { RawClient } from "../interop/support/raw-client.ts";

/** It was not served: the status of a refusal, or how the connection ended. */
export class NewcomerFailed extends Error {
  override readonly name = "NewcomerFailed";
}

/** @returns milliseconds. @throws NewcomerFailed when the answer is not 200 */
export async function newcomer(port: number, localAddress?: string): Promise<number> {
  const start = performance.now();
  let client: RawClient | undefined;
  try {
    client = await RawClient.open(port, localAddress);
    const { status, body } = await client.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    if (status !== 200) throw new NewcomerFailed(`${status}: ${body.toString().split("\n")[0]}`);
    return performance.now() - start;
  } catch (error) {
    throw error instanceof NewcomerFailed ? error : new NewcomerFailed((error as Error).message);
  } finally {
    client?.close();
  }
}
