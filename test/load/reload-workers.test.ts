/**
 * Reloads of several processes under load that comes from outside: wrk over TLS on connections that stay and on one for each request, with
 * listeners, certificates, routes and endpoints that change, and every third file a bad one. No request fails, no WebSocket and no event
 * stream of what is named still is closed, and the processes do not grow.
 *
 * Clients, origins and hopwise are processes of their own, so that what is measured is hopwise's. `TESTS_LONG=1` alone: 100 reloads in 60 s.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request as requestPlain } from "node:http";
import { request } from "node:https";
import { cpus, loadavg } from "node:os";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { hopwiseWith } from "../cli/running.ts";
import { answered } from "../interop/support/answered.ts";
import { has, needing } from "../interop/support/programs.ts";
import { quietPort } from "../interop/support/quiet-port.ts";
import { type WrkReport, wrk } from "../interop/support/wrk.ts";
import { authority, CertificateFolder, certificateFor } from "../kit/certificates.ts";
import { residentBytes } from "../kit/resident.ts";

const RELOADS = 100;
const EVERY_MS = 600;
const HELD = 20;
/** Reloads under load before memory is looked at, so that everything has run that will. */
const WARM = 20;
/** Looks at memory, at the end of each: what garbage there is differs from one to the next, what stays does not. */
const SAMPLES = 8;
const MIB = 1024 * 1024;
const GROWTH_MAX = 32 * MIB;
const LOAD_S_MAX = 900;
/** So many reloads may find a worker that is too slow to answer, where the machine has much else to do: all stay as they were, and it is asked again. */
const LATE_MAX = 10;
/** Until all workers have said that they go on with a configuration. */
const PATIENT = { timeout: 60_000, interval: 20 };

const folder = new CertificateFolder();
afterAll(() => folder.remove());

const canMeasure = process.platform === "linux" && has("wrk");

describe.skipIf(!canMeasure)(`reloads of several processes${needing("wrk")} (Linux)`, { timeout: 1_200_000 }, () => {
  it(`${RELOADS} in ${(RELOADS * EVERY_MS) / 1_000} s under wrk over TLS`, async () => {
    const urls = await origins("held", "a", "b", "c");
    const certificates = [0, 1, 2].map(() => certificateFor(["site.test"]));
    const [main, coming] = [await quietPort(), await quietPort()];
    const file = folder.at("site.yaml");
    const write = (turn: number, isBad = false) => {
      const { cert, key } = folder.write("site", certificates[turn % 3] as (typeof certificates)[0]);
      writeFileSync(file, isBad ? bad(turn) : site(turn, { cert, key }));
    };
    const site = (turn: number, { cert, key }: { cert: string; key: string }) => `listeners:
  - { https: 127.0.0.1:${main}, certificates: [{ cert: ${cert}, key: ${key} }] }
${turn % 2 === 0 ? `  - { http: 127.0.0.1:${coming} }\n` : ""}groups:
  held: { to: ["${urls.held}"] }
  app: { to: ["${own(turn)}"${turn % 4 < 2 ? "" : `, { url: "${own(turn + 1)}", weight: 2 }`}] }
routes:
  - { match: { path: ["/events", "/echo"] }, to: held }
  - { match: { path: /turn-${turn} }, respond: { body: "${turn}" } }
  - to: app
poolIdleTimeout: ${30 + turn}s
admin: 127.0.0.1:0
`;
    const own = (which: number) => urls["abc"[which % 3] as string] as string;
    const bad = (turn: number) => `routes: [{ to: nowhere-${turn} }]\n`;
    write(0);

    const args = ["run", "-c", file, "--workers", "2", "--admin-token-file", folder.at("token")];
    // Garbage that nobody has collected yet is not what is looked for: there is little of it, and what stays shows all the same.
    const running = hopwiseWith({ NODE_OPTIONS: "--max-semi-space-size=2" }, ...args);
    await running.err(/^hopwise/);
    const [, admin = ""] = /POST (http:\S+)\/reload/.exec(await running.err(/^POST/)) ?? [];
    const token = readFileSync(folder.at("token"), "utf8").trim();
    const place = { host: "127.0.0.1", port: main, servername: "site.test", ca: authority.cert, agent: false } as const;
    // Each on a connection of its own: one that was kept may be closing just then.
    const asked = async (path: string, method = "GET", headers = {}) => {
      const response = await answered(requestPlain(`${admin}${path}`, { agent: false, method, headers }).end());
      return { status: response.statusCode, body: JSON.parse(await text(response)) };
    };
    let late = 0;
    const reload = async () => {
      const headers = { Authorization: `Bearer ${token}` };
      for (;;) {
        const since = performance.now();
        const { status, body } = await asked("/reload", "POST", headers);
        const took_ms = performance.now() - since;
        if (!/did not answer within/.test(body.detail) || ++late > LATE_MAX) return { status, took_ms, body };
      }
    };
    const isEverywhere = async () => ((await asked("/config")).body as Told).isEverywhere;
    const ask = async (path: string) => {
      const response = await answered(request({ ...place, path, headers: { Host: "site.test" } }).end());
      return `${response.statusCode} ${await text(response)}`;
    };

    const tunnels = await Promise.all(
      Array.from({ length: HELD }, async () => {
        const options = { ca: authority.cert, servername: "site.test", headers: { Host: "site.test" } };
        const socket = new WebSocket(`wss://127.0.0.1:${main}/echo`, [], options);
        socket.on("error", () => {});
        await once(socket, "open");
        return socket;
      }),
    );
    const streams = await Promise.all(
      Array.from({ length: HELD }, async () => {
        const sent = request({ ...place, path: "/events", headers: { Host: "site.test" } }).end();
        const response = await answered(sent);
        const stream = { beats: 0, isOpen: true, end: () => response.destroy() };
        response.on("data", () => stream.beats++);
        response.on("error", () => {}).on("close", () => (stream.isOpen = false));
        return stream;
      }),
    );

    const took: number[] = [];
    const wrong: string[] = [];
    const samples: (readonly number[])[] = [];
    let turn = 0;
    const turns = async (count: number) => {
      const began = performance.now();
      for (let i = 1; i <= count; i++) {
        turn++;
        const isBad = turn % 3 === 0;
        write(turn, isBad);
        const { status, took_ms, body } = await reload();
        took.push(took_ms);
        if (status !== (isBad ? 422 : 200)) wrong.push(`reload ${turn}: ${status} ${JSON.stringify(body)}`);
        else if (!isBad && turn % 10 === 1) {
          // A worker that has not said so yet (`silent`) may still be at the one before.
          await expect.poll(isEverywhere, PATIENT).toBe(true);
          const said = await ask(`/turn-${turn}`);
          if (said !== `200 ${turn}`) wrong.push(`turn ${turn}: ${said}`);
        }
        await pause(Math.max(0, began + i * EVERY_MS - performance.now()));
        if (i > count - SAMPLES) samples.push((await pids()).map(residentBytes));
      }
      return performance.now() - began;
    };

    // Both end a little behind the last reload, so they are told to go on for long, and are stopped.
    const url = `https://127.0.0.1:${main}/`;
    const load = async (during: () => Promise<number>): Promise<{ reports: WrkReport[]; lasted_ms: number }> => {
      const stop = new AbortController();
      const kept = wrkUntil(stop.signal, ["-c", "16"], url);
      const fresh = wrkUntil(stop.signal, ["-c", "4", "-H", "Connection: close"], url);
      const lasted_ms = await during();
      stop.abort();
      return { reports: await Promise.all([kept, fresh]), lasted_ms };
    };
    const pids = async () => {
      const { workers } = (await asked("/config")).body as Told;
      return [running.child.pid ?? 0, ...workers.map(({ pid }) => pid)];
    };

    // The port of the admin server stays, since what is asked of it has not changed.
    await load(() => turns(WARM));
    const before = most(samples.splice(0));
    const { reports, lasted_ms } = await load(() => turns(RELOADS));
    const after = least(samples);

    const beats = streams.map((stream) => stream.beats);
    await expect
      .poll(() => streams.every((stream, index) => stream.beats > (beats[index] as number)), { timeout: 30_000 })
      .toBe(true);
    const echoes = tunnels.map(async (socket, number) => {
      const heard = new Promise<string>((resolve) => {
        socket.once("message", (data) => resolve(String(data))).once("close", (code) => resolve(`closed: ${code}`));
      });
      socket.send(`still ${number}`, () => undefined);
      return await heard;
    });
    expect(await Promise.all(echoes)).toEqual(tunnels.map((_, number) => `still ${number}`));
    const grown = after.map((bytes, index) => bytes - (before[index] ?? 0));
    const sorted = took.slice(WARM).toSorted((one, other) => one - other);
    console.info(
      `${RELOADS} reloads in ${(lasted_ms / 1_000).toFixed(1)} s, half within ${sorted[sorted.length >> 1]?.toFixed(0)} ms, ` +
        `the slowest ${sorted.at(-1)?.toFixed(0)} ms, ${late} asked for again; ${reports.map(({ requests }) => requests).join(" + ")} requests on kept and fresh ` +
        `connections; supervisor and workers ${grown.map((bytes) => `${(bytes / MIB).toFixed(1)} MiB`).join(", ")} more ` +
        `(${after.map((bytes) => (bytes / MIB).toFixed(0)).join(", ")} MiB); ${cpus().length} processors, load ${loadavg()[0]?.toFixed(0)}`,
    );
    expect({ wrong, open: streams.map(({ isOpen }) => isOpen) }).toEqual({
      wrong: [],
      open: streams.map(() => true),
    });
    for (const { errors, non2xx } of reports) {
      const { timeout: _slow, ...lost } = errors;
      expect({ ...lost, non2xx }).toEqual({ connect: 0, read: 0, write: 0, non2xx: 0 });
    }
    expect(grown.filter((bytes) => bytes > GROWTH_MAX)).toEqual([]);
    const { workers, config } = (await asked("/stats")).body as Stats;
    const refused = Math.floor(turn / 3) + late;
    expect([workers.lost, config.reloads]).toEqual([0, { applied: turn - Math.floor(turn / 3), refused }]);
    for (const stream of streams) stream.end();
    for (const socket of tunnels) socket.terminate();
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });
});

interface Told {
  readonly workers: readonly { readonly pid: number }[];
  readonly isEverywhere: boolean;
}

interface Stats {
  readonly workers: { readonly lost: number };
  readonly config: { readonly reloads: { readonly applied: number; readonly refused: number } };
}

/** wrk, which reports at an interrupt what came of it so far. */
async function wrkUntil(signal: AbortSignal, args: readonly string[], url: string): Promise<WrkReport> {
  return await wrk(
    ["-t", "1", "-d", `${LOAD_S_MAX}s`, "--timeout", "60s", ...args, url],
    signal,
    2 * LOAD_S_MAX * 1_000,
  );
}

async function origins(...names: readonly string[]): Promise<Record<string, string>> {
  const program = fileURLToPath(new URL("reloads/origins.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, ...names], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return JSON.parse(line.toString()) as Record<string, string>;
}

/** Of each process the largest that was seen. */
function most(samples: readonly (readonly number[])[]): readonly number[] {
  return (samples[0] ?? []).map((_, process) => Math.max(...samples.map((sample) => sample[process] ?? 0)));
}

/** Of each process the smallest that was seen. */
function least(samples: readonly (readonly number[])[]): readonly number[] {
  return (samples[0] ?? []).map((_, process) => Math.min(...samples.map((sample) => sample[process] ?? 0)));
}
