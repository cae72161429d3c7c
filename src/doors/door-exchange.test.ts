/** What an exchange through another server makes of time, of early answers, of middleware that throws, and of logins. */
import { createServer } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { until } from "../../test/interop/support/waiting.ts";
import { DoorStage, type OriginActs, says } from "../../test/kit/door-stage.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";

let stage: DoorStage;
afterEach(() => stage.close());

const open = async (...parts: Parameters<typeof DoorStage.open>) => {
  stage = await DoorStage.open(...parts);
};

describe("limits of time", () => {
  it("a body that stops is answered for, and nothing may follow", async () => {
    await open(() => undefined, { bodyTimeout: 200 });
    const client = stage.client(`${POST}hello`);
    expect(await client.until(/\n$/)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n(.*\r\n)*Connection: close\r\n/);
    expect(stage.exchanges).toMatchObject([{ reason: "body-timeout" }]);
  });

  it("a client that takes nothing of its response is given up", async () => {
    await open(
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
        socket.write(Buffer.alloc(32 * 1_048_576));
      },
      { bodyTimeout: 500 },
    );
    const client = stage.client(GET);
    client.socket.pause();
    await stage.ended();
    expect(stage.exchanges).toStrictEqual([{ outcome: "client-gone", status: 200 }]);
    client.socket.resume();
    await until("it is over", () => client.ended !== undefined);
  });

  it("an origin that does not answer is answered for", async () => {
    await open(() => undefined, { responseTimeout: 100 });
    expect(await stage.ask(GET, /\n$/)).toMatch(/^HTTP\/1\.1 504 (.*\r\n)*Proxy-Status: .*response-timeout/);
  });
});

describe("an early answer", () => {
  it("leaves the rest of an upload to be read, and the connection to persist", async () => {
    const early: OriginActs = (socket, asked) => {
      if (asked.endsWith("hello")) socket.write(OK);
    };
    await open(early);
    const client = stage.client(`${POST}hello`);
    await client.until("ok");
    client.send(`world${GET.replace("/", "/next")}`);
    stage.originActs = says("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
    await client.until("next");
    await stage.ended(2);
    expect(stage.exchanges.map(({ outcome }) => outcome)).toStrictEqual(["completed", "completed"]);
  });

  it("of an origin that closes lets the rest go nowhere, and the next request is one", async () => {
    await open((socket, asked) => {
      if (asked.startsWith("POST"))
        socket.end("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
      else socket.write(OK);
    });
    const client = stage.client(`${POST}hello`);
    await client.until("no");
    await client.send(`world${GET}`).until("ok");
    expect(client.received.match(/HTTP\/1\.1 \d+/g)).toStrictEqual(["HTTP/1.1 413", "HTTP/1.1 200"]);
  });

  it("whose client then goes away is over with the limit for bodies: Node tells of it no more", async () => {
    await open(
      (socket, asked) => {
        if (asked.endsWith("hello")) socket.write(OK);
      },
      { bodyTimeout: 200 },
    );
    const client = stage.client(`${POST}hello`);
    await client.until("ok");
    client.socket.destroy();
    await stage.ended();
    await until("the origin's connection is closed", () => stage.origins[0]?.ended !== undefined);
  });
});

it("requests of one connection are answered in its order, however many are asked at once", async () => {
  const answers = new Map<string, () => void>();
  await open((socket, asked) => {
    const path = asked.split(" ")[1] ?? "";
    const length = path.length;
    answers.set(path, () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${path}`));
    if (answers.size === 2) answers.get("/second")?.();
  });
  const client = stage.client(GET.replace("/", "/first") + GET.replace("/", "/second"));
  await until("both are asked", () => answers.size === 2);
  answers.get("/first")?.();
  await client.until(/\r\n\r\n\/first(.|\r\n)*\r\n\r\n\/second$/);
});

describe("requests whose turn has not come when their client goes", () => {
  const second: Readonly<Record<string, string>> = {
    GET: GET.replace("/", "/second"),
    "POST, whole": "POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
    "POST, not whole": "POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
  };

  it.each(Object.keys(second))("are given up at once: %s", async (what) => {
    let count = 0;
    await open((_socket, asked) => {
      if (asked.startsWith("POST") && !asked.includes("ab")) return;
      count++;
    });
    const client = stage.client(GET.replace("/", "/first") + second[what]);
    await until("both are asked", () => count >= 2);
    client.socket.resetAndDestroy();
    await until("both are over", () => stage.exchanges.length === 2);
    expect(stage.exchanges.map(({ outcome }) => outcome)).toStrictEqual(["client-gone", "client-gone"]);
    await until("the work is cancelled", () => stage.origins.every(({ ended }) => ended !== undefined));
  });

  it("behind one that the application answers itself, too", async () => {
    await open(
      () => undefined,
      undefined,
      (handler) =>
        createServer((request, response) => {
          if (request.url !== "/first") handler(request, response);
        }),
    );
    const client = stage.client(GET.replace("/", "/first") + GET + GET);
    await until("both are asked", () => stage.origins.length === 2);
    client.socket.resetAndDestroy();
    await until("both are over", () => stage.exchanges.length === 2);
  });

  it("before the handler is called are left alone", async () => {
    let isCalled = false;
    await open(
      () => undefined,
      undefined,
      (handler) =>
        createServer((request, response) => {
          if (request.url === "/first") return;
          request.socket.on("close", () => {
            handler(request, response);
            isCalled = true;
          });
        }),
    );
    stage.client(GET.replace("/", "/first") + GET).socket.end();
    await until("the handler was called", () => isCalled);
    expect(stage.origins).toHaveLength(0);
  });

  it("listen to their connection once, however many they are", async () => {
    const warned: string[] = [];
    const onWarning = ({ name }: Error) => warned.push(name);
    process.on("warning", onWarning);
    let listeners = 0;
    let count = 0;
    await open(
      () => void count++,
      undefined,
      (handler) =>
        createServer((request, response) => {
          handler(request, response);
          listeners = Math.max(listeners, request.socket.listenerCount("close"));
        }),
    );
    const client = stage.client(GET.repeat(30));
    await until("all are asked", () => count >= 30);
    client.socket.destroy();
    await until("all are over", () => stage.exchanges.length === 30);
    process.off("warning", onWarning);
    expect(listeners).toBeLessThan(6);
    expect(warned).toStrictEqual([]);
  });
});

describe("middleware around the response that throws", () => {
  const fault = new Error("middleware");
  const around = (isNext: boolean, onError: (error: unknown) => void): Parameters<typeof DoorStage.open>[2] => {
    return (handler) =>
      createServer((request, response) => {
        response.writeHead = () => {
          throw fault;
        };
        handler(
          request,
          response,
          isNext
            ? (error) => {
                onError(error);
                response.destroy();
              }
            : undefined,
        );
      });
  };

  it("is told to `next`, and harms its own exchange alone", async () => {
    const told: unknown[] = [];
    await open(
      says(OK),
      { errors: "next" },
      around(true, (error) => told.push(error)),
    );
    const client = stage.client(GET);
    await until("it is over", () => client.ended !== undefined);
    expect(told).toStrictEqual([fault]);
    expect(stage.exchanges).toMatchObject([{ outcome: "completed" }]);
  });

  it("is a warning where there is no `next`", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    await open(
      says(OK),
      {},
      around(false, () => undefined),
    );
    const client = stage.client(GET);
    await until("it is over", () => client.ended !== undefined);
    expect(warned).toHaveBeenCalledWith(fault);
    warned.mockRestore();
  });
});

describe("NTLM", () => {
  const type1 = "Authorization: NTLM TlRMTVNTUAABAAAA\r\n";
  const asking = (fields: string) => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

  it("binds an origin's connection to the client's, and it ends with that", async () => {
    await open(says(OK));
    const client = stage.client(asking(type1));
    await client.until("ok");
    await stage.ask(asking(""), "ok");
    // Nobody else has had the connection that was logged in.
    expect(stage.origins).toHaveLength(2);
    client.socket.destroy();
    await until("it is closed", () => stage.origins[0]?.ended !== undefined);
    await until("it is counted", () => stage.handler.stats().connections.upstream.closed["binding-ended"] === 1);
  });
});
