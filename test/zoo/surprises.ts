/**
 * What surprises, in sentences made from the data: no name and no figure stands here.
 *
 * Deliberately absent: judgement. What is counted is what a check found.
 */
import { seconds } from "../../src/doctor/words.ts";
import type { FieldGuide, GuideFinding, Specimen } from "./guide.ts";
import { columnTitle, findingOf } from "./page.ts";

/** What a proxy does that fails a check, behind "Proxies that". */
const proxySentences: Readonly<Record<string, string>> = {
  HW901: "send a client's hop-by-hop fields on to the origin",
  HW902: "send an origin's hop-by-hop fields on to the client",
  HW903: "get interim responses (103) wrong",
  HW904: "get trailers wrong",
  HW905: "are dumb in the way of the 1990s: an HTTP/1.0 client waits for a close that does not come",
  HW906: "let an HTTP/1.0 client hang that asks for keep-alive",
  HW907: "let a client hang behind `Proxy-Connection`",
  HW908: "do not honour a client's `close`",
  HW909: "lose the client's next request when the origin closes its own connection",
  HW910: "open a new connection to the origin for each request",
  HW911: "let a GET fail that met the close of a used connection",
  HW912: "send a POST twice",
  HW913: "give a client bytes that no request asked for",
  HW914: "give a client what an origin sent between two responses",
  HW915: "do not let a truncated response look truncated",
  HW916: "hold responses back instead of streaming them",
  HW917: "hold uploads back until they are whole",
  HW918: "go on working for clients that are gone (by RST)",
  HW919: "send chunks to HTTP/1.0 clients",
  HW920: "go on working for clients that are gone (by FIN)",
  HW921: "do not serve a client that closed its sending side",
  HW922: "lose an early 413",
  HW923: "pass on what strangers say in forwarding fields",
  HW924: "lead redirects past themselves, to the origin's own address",
  HW925: "do not tunnel an accepted upgrade",
  HW926: "lend one client's authenticated connection to another",
  HW927: "give clients that ask at the same time each other's responses",
  HW928: "give a client the rest of what another, who has gone, had asked for",
  HW929: "let an upload that was answered early run into another request",
  HW931: "give a client more than one response to a request",
  HW930: "let ambiguous requests through",
  HW940: "lose requests when they are told to end",
};

/** Behind this no load balancer of today loses a race. */
const BALANCER_MS = 60_000;
/** A grace that is no timer's slack. */
const GRACE_MS = 700;

export function surprises(guide: FieldGuide): string[] {
  return [...aboutServers(guide), ...aboutVersions(guide), ...aboutProxies(guide)];
}

function aboutServers({ specimens }: FieldGuide): string[] {
  const servers = specimens.filter(({ server }) => server !== undefined);
  const values = (specimen: Specimen, id: string) => findingOf(specimen.server, id)?.values ?? {};
  const idle = (specimen: Specimen) => number(values(specimen, "HW201").idle_timeout_ms);
  const said = (specimen: Specimen) => number(values(specimen, "HW105").advertised_timeout_ms);

  const early = servers.filter((one) => (idle(one) ?? Number.POSITIVE_INFINITY) < BALANCER_MS);
  const graceful = servers.filter((one) => (idle(one) ?? 0) - (said(one) ?? Number.POSITIVE_INFINITY) > GRACE_MS);
  const mute = servers.filter((one) => idle(one) !== undefined && said(one) === undefined);
  const failing = servers.flatMap((one) =>
    (one.server?.findings ?? []).filter(({ verdict }) => verdict === "fail").map((finding) => ({ one, finding })),
  );
  return [
    ...sentence(
      early,
      `Servers that close idle connections before a load balancer's usual ${seconds(BALANCER_MS)}, ${early.length} of ${servers.length}`,
      (one) => `${columnTitle(one)} ${seconds(idle(one) ?? 0)}`,
    ),
    ...sentence(
      graceful,
      "Servers that close a second or so after the time that they say, so that a client that listens is in time",
      (one) => `${columnTitle(one)} says ${seconds(said(one) ?? 0)}, closes after ${seconds(idle(one) ?? 0)}`,
    ),
    ...sentence(mute, "Servers that do not say how long connections may idle, so that a client can only guess", (one) =>
      columnTitle(one),
    ),
    ...byCheck(failing).map(
      ([id, those]) =>
        `${id} fails on ${list(those.map(({ one, finding }) => `${columnTitle(one)} (${plain(finding)})`))}.`,
    ),
  ];
}

/** The same product in several versions. */
function aboutVersions({ specimens }: FieldGuide): string[] {
  const byTitle = groupedBy(
    specimens.filter(({ server }) => server !== undefined),
    ({ title }) => title,
  );
  return [...byTitle.values()].flatMap((those) => {
    const [first] = those;
    if (first?.server === undefined || those.length < 2) return [];
    const differing = first.server.findings.filter(
      ({ id }) => new Set(those.map((one) => findingOf(one.server, id)?.verdict)).size > 1,
    );
    const names = list(those.map(columnTitle));
    if (differing.length === 0) return [`${names} give the same verdicts in every check.`];
    return differing.map(
      ({ id }) =>
        `${names} differ in ${id}: ${those.map((one) => `${columnTitle(one)} ${plain(findingOf(one.server, id))}`).join("; ")}.`,
    );
  });
}

function aboutProxies({ specimens }: FieldGuide): string[] {
  const proxies = specimens.filter(({ through }) => through !== undefined);
  const ended = proxies.filter(({ through }) => (through?.ended ?? []).length > 0);
  const clean = proxies.filter(({ through }) => through?.findings.every(({ verdict }) => verdict !== "fail"));
  const asked = specimens.filter(({ hinted }) => hinted?.isReusedBefore === true);
  const heeding = asked.filter(({ hinted }) => hinted?.isReusedAfter === false);
  const perRequest = specimens.filter(({ pool }) => pool?.isKept === false);
  const failing = proxies.flatMap((one) =>
    (one.through?.findings ?? []).filter(({ verdict }) => verdict === "fail").map((finding) => ({ one, finding })),
  );
  return [
    ...sentence(
      ended,
      "Proxies that end altogether at a message of the other side",
      (one) => `${one.title} at ${list(one.through?.ended ?? [])}`,
    ),
    ...byCheck(failing)
      .toSorted(([, one], [, other]) => other.length - one.length)
      .map(
        ([id, those]) =>
          `Proxies that ${proxySentences[id] ?? "fail"} (${id}), ${those.length} of ${proxies.length}: ${list(those.map(({ one }) => one.title))}.`,
      ),
    ...sentence(
      perRequest,
      "Proxies that open a connection to the origin for each request, unless told otherwise",
      ({ title }) => title,
    ),
    ...sentence(
      heeding,
      `Proxies that heed what an origin says in \`Keep-Alive: timeout\`, ${heeding.length} of ${asked.length} that use connections again`,
      ({ title }) => title,
    ),
    ...sentence(clean, `Proxies that fail no check, ${clean.length} of ${proxies.length}`, ({ title }) => title),
  ];
}

const plain = (finding: GuideFinding | undefined) => (finding?.measured ?? "").replace(/[|<>*_]/g, (it) => `\\${it}`);
const number = (value: unknown) => (typeof value === "number" ? value : undefined);

function byCheck<T extends { readonly finding: GuideFinding }>(those: readonly T[]): [string, T[]][] {
  return [...groupedBy(those, ({ finding }) => finding.id)].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function groupedBy<T>(those: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of those) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

/** `Servers that …: a, b and c.`; nobody does: nothing. */
function sentence(those: readonly Specimen[], what: string, name: (one: Specimen) => string): string[] {
  return those.length === 0 ? [] : [`${what}: ${list(those.map(name))}.`];
}

function list(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  if (words.some((word) => word.includes(", "))) return words.join("; ");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
