/**
 * A proxy of the 1990s that knows keep-alive, and `Proxy-Connection`, by which browsers asked proxies for it.
 *
 * It does its own hop right and cannot know whether its neighbour does: whoever relays `Proxy-Connection` blindly fools it.
 * Deliberately absent: bodies of requests.
 */
import type { Address, Dialer, Socket, SocketHandler } from "../../net/ports.ts";
import { CONNECTION_OPTIONS_MAX } from "../../wire/fields.ts";
import { listMembers } from "../../wire/lists.ts";
import type { Octets } from "../../wire/octets.ts";
import type { RequestHead } from "../../wire/request-head.ts";
import type { ResponseHead } from "../../wire/response-head.ts";
import { type Message, RequestReader, ResponseReader } from "./message-reader.ts";

const CONNECTION_FIELDS = new Set(["connection", "keep-alive", "proxy-connection"]);

export class KnowingProxy {
  private readonly dialer: Dialer;
  private readonly upstream: Address;

  constructor(dialer: Dialer, upstream: Address) {
    this.dialer = dialer;
    this.upstream = upstream;
  }

  accept(client: Socket): void {
    new KnowingRelay(client, this.dialer, this.upstream);
  }
}

class KnowingRelay implements SocketHandler {
  private readonly client: Socket;
  private keepsClient = false;
  private readonly requests = new RequestReader({
    onMessage: ({ head }) => this.relay(head),
    onFault: () => this.client.end(),
  });
  private readonly dialer: Dialer;
  private readonly upstream: Address;

  constructor(client: Socket, dialer: Dialer, upstream: Address) {
    this.client = client;
    this.dialer = dialer;
    this.upstream = upstream;
    client.handler = this;
  }

  onData(octets: Octets): void {
    this.requests.read(octets);
  }

  onEnd(): void {
    this.client.end();
  }

  onDrain(): void {}

  onClose(): void {}

  private relay(head: RequestHead): void {
    this.keepsClient =
      listMembers(head.fields.get("proxy-connection") ?? "", CONNECTION_OPTIONS_MAX)?.includes("keep-alive") === true;
    this.dialer.dial(this.upstream, {
      onConnected: (server) => {
        const reader = new ResponseReader({
          onMessage: (message) => {
            server.end();
            this.answer(message);
          },
          onFault: () => this.client.end(),
        });
        server.handler = {
          onData: (octets) => reader.read(octets),
          onEnd: () => {
            reader.end();
            server.end();
          },
          onDrain() {},
          onClose() {},
        };
        server.write(rewritten(head, ""));
      },
      onFailed: () => this.client.end(),
    });
  }

  private answer({ head, body }: Message<ResponseHead>): void {
    this.client.write(rewritten(head, this.keepsClient ? "Proxy-Connection: keep-alive\r\n" : "") + body);
    if (!this.keepsClient) this.client.end();
  }
}

/** The head without what concerned the other hop. */
function rewritten(head: RequestHead | ResponseHead, ownLines: string): string {
  const { fields, text } = head;
  let result = text.slice(0, text.indexOf("\r\n") + 2);
  for (let index = 0; index < fields.count; index++) {
    const name = fields.name(index);
    if (!CONNECTION_FIELDS.has(name.toLowerCase())) result += `${name}: ${fields.value(index)}\r\n`;
  }
  return `${result}${ownLines}\r\n`;
}
