/**
 * What a file with a gateway's configuration means: everything that is decided by it, or all that is wrong with it, at once.
 *
 * Deliberately absent: reading the file (config-file.ts), and single values (gateway-schema.ts).
 */
import { resolve } from "node:path";
import type { RoutePolicy } from "../exchange/policy.ts";
import type { Route, RoutePlan } from "../exchange/route-plan.ts";
import { descriptorLimit } from "../net/descriptors.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";
import type { Group } from "../pool/group.ts";
import { parseOriginAddress, withProxyHeader } from "../pool/origin-address.ts";
import { PatternError } from "../routes/pattern-error.ts";
import { RouteTable } from "../routes/route-table.ts";
import { linesOf } from "./answer-fields.ts";
import { bareTimes } from "./bare-times.ts";
import { HopwiseError } from "./error.ts";
import { readErrorPages } from "./error-pages.ts";
import { type Files, filesNow } from "./files.ts";
import { type GatewayValues, gatewaySchema, type ListenerValues } from "./gateway-schema.ts";
import { groupOf } from "./group-config.ts";
import { apart, type ListenerConfig, ownTls, readCertificates, readListeners, type TlsConfig } from "./listeners.ts";
import { hookSettings, type ProxyConfig, sharedConfig } from "./options.ts";
import { readOriginTls } from "./origin-tls.ts";
import { overlap, withPlaceholders } from "./placeholders.ts";
import { ASKED_FIRST, ON_THE_WAY, policyOf, rateLimitOf } from "./policy-config.ts";
import { type Path, type Problem, problemsOf } from "./problems.ts";
import { balancersIn } from "./proxy-protocol-options.ts";
import { actionOf, changesOf } from "./route-config.ts";
import type { RouteValues } from "./route-schema.ts";
import { UsersFiles } from "./users-files.ts";
import { formatAuthority, invalid, networkTest, shown } from "./values.ts";
import { warningsAboutPlan, warningsAboutTimes } from "./warnings.ts";
import { writtenIn } from "./written.ts";

/** Everything, or all that is wrong. */
export type GatewayReading =
  | { readonly config: ProxyConfig; readonly problems?: undefined }
  | { readonly config?: undefined; readonly problems: readonly Problem[] };

/**
 * @param value what a file says @param folder where paths of files begin
 * @param own the certificate of `tls: self-signed`, where another process has made it
 * @param files those that it names, where another process has read them
 */
export function readGatewayConfig(
  value: unknown,
  folder: string,
  limit = descriptorLimit(),
  own?: Certificate,
  files: Files = filesNow,
): GatewayReading {
  const result = gatewaySchema.safeParse(value ?? {});
  if (!result.success) {
    const problems = problemsOf(result.error, gatewaySchema, value);
    return { problems: [...problems, ...otherProblems(value, problems, folder, limit, files)] };
  }
  const reading = new Reading(result.data, Object.keys(value ?? {}), folder, own, files);
  const config = reading.config(limit);
  if (config === undefined || reading.problems.length > 0) return { problems: reading.problems };
  return { config: { ...config, warnings: [...config.warnings, ...bareTimes(value)] } };
}

/** What is wrong beside values that cannot be what they are. */
function otherProblems(
  value: unknown,
  problems: readonly Problem[],
  folder: string,
  limit: number,
  files: Files,
): readonly Problem[] {
  const rest = withPlaceholders(
    value,
    problems.map(({ path }) => path),
  );
  const result = gatewaySchema.safeParse(rest?.value);
  if (rest === undefined || !result.success) return [];
  const reading = new Reading(result.data, Object.keys(rest.value), folder, undefined, files);
  reading.config(limit);
  return reading.problems.filter(({ path }) => !rest.replaced.some((place) => overlap(place, path)));
}

/** What listeners say in the file, and options without them. */
export const LISTENERS_SAY = [
  ...["listen", "host", "port", "redirect", "redirectPort"],
  ...["tlsCert", "tlsKey", "tls", "clientCa", "clientCert", "proxyProtocol"],
];
/** Keys of a certificate, by the options that say the same. */
const PAIR_KEYS: Readonly<Record<string, string>> = { tlsCert: "cert", tlsKey: "key", clientCa: "clientCa" };
/** A route has one of these. */
export const ROUTE_ACTIONS = ["to", "redirect", "respond", "refuse"] as const;
const ONE_OF = `${ROUTE_ACTIONS.slice(0, -1).join(", ")} or ${ROUTE_ACTIONS.at(-1)}`;

class Reading {
  readonly problems: Problem[] = [];
  private readonly values: GatewayValues;
  /** The keys that were written, at the top. */
  private readonly said: readonly string[];
  private readonly folder: string;
  private readonly own: Certificate | undefined;
  private readonly files: Files;
  /** Of all listeners with `tls: self-signed` together. */
  private ownTls: TlsConfig | undefined;
  private readonly users: UsersFiles;

  constructor(
    values: GatewayValues,
    said: readonly string[],
    folder: string,
    own: Certificate | undefined,
    files: Files,
  ) {
    this.values = values;
    this.said = said;
    this.folder = folder;
    this.own = own;
    this.files = files;
    this.users = new UsersFiles(folder, files);
  }

  config(limit: number): ProxyConfig | undefined {
    const { values } = this;
    const listeners = this.at(values.listeners === undefined ? [] : ["listeners"], () => this.listeners());
    const named = this.groups();
    // Those that routes make of URLs come to them.
    const groups = new Map(named);
    const routes = (values.routes ?? []).map((route, index) => this.route(route, index, groups));
    this.table(routes);
    if (values.routes === undefined && values.to === undefined) {
      this.problems.push({ path: ["routes"], message: "it is missing: write where requests go, like [{ to: GROUP }]" });
    }
    if (values.routes !== undefined && values.to !== undefined) {
      this.problems.push({ path: ["to"], message: "there are routes, which say where requests go: leave it out" });
    }
    if (values.routes !== undefined && values.sendProxyProtocol !== undefined) {
      const message = "there are routes: write proxyProtocol in a group instead, which says it of its endpoints";
      this.problems.push({ path: ["sendProxyProtocol"], message });
    }
    if (listeners === undefined) return undefined;
    const shared = this.at([], () => sharedConfig(this.withPaths(), listeners, limit));
    if (shared === undefined) return undefined;
    this.loops([...named.values()], listeners);
    const all = [...groups.values()].flatMap(({ endpoints }) => endpoints.map(({ origin }) => origin));
    const gateway = {
      ...shared.gateway,
      origins: values.to?.map((url) => withProxyHeader(parseOriginAddress(url), values.sendProxyProtocol)) ?? all,
      ...(values.routes === undefined ? {} : { routes: { groups: [...groups.values()], routes } }),
      originHost: values.originHost,
      isTrusted: networkTest(values.trusted),
      sendsForwarded: values.forwarded,
      ...(values.requestBuffers === undefined ? {} : { bufferedBytesMax: values.requestBuffers }),
      ...(values.answerFields === undefined ? {} : { answerLines: linesOf(values.answerFields) }),
      ...(values.rateLimit === undefined ? {} : { rateLimit: rateLimitOf(values.rateLimit, "") }),
    };
    const { errorPages } = values;
    const pages = errorPages && this.at(["errorPages"], () => readErrorPages(errorPages, this.folder, this.files));
    const said = { ...values, errorPages: pages?.written };
    // Of what cannot be there is nothing to be warned of.
    const warnings = this.problems.length > 0 ? [] : this.warnings(shared, gateway.routes, [...named.values()]);
    const { all: users } = this.users;
    const { adminTokenFile: tokenFile } = values;
    const adminTokenFile = tokenFile === undefined ? undefined : resolve(this.folder, tokenFile);
    return {
      ...shared,
      warnings,
      gateway,
      users,
      adminTokenFile,
      ownAnswers: { fields: Object.keys(values.answerFields ?? {}), pages: errorPages ?? {} },
      written: writtenIn(said, (route) => this.usersOf(route)),
      hooks: hookSettings(values, values.rewritePath ?? [], pages === undefined ? {} : { onError: pages.onError }),
    };
  }

  private warnings(shared: ProxyConfig, routes: RoutePlan | undefined, groups: readonly Group[]): readonly string[] {
    const { values } = this;
    const withPasswords = routes?.routes.filter((_, index) => "users" in (values.routes?.[index] ?? {})) ?? [];
    const { trusted = [] } = values;
    return [
      ...shared.warnings,
      ...warningsAboutTimes(values, Object.fromEntries(this.said.map((key) => [key, true]))),
      ...warningsAboutPlan({ listeners: shared.listeners, routes, groups, withPasswords, trusted }),
    ];
  }

  /** @returns undefined, and a problem is noted, where something is wrong */
  private at<Value>(path: Path, read: () => Value): Value | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof HopwiseError) {
        const place = error.option === undefined ? path : [...path, error.option];
        this.problems.push({ path: place, message: error.problem });
      } else if (error instanceof PatternError || error instanceof TypeError) {
        this.problems.push({ path, message: error.message });
      } else {
        throw error;
      }
      return undefined;
    }
  }

  private withPaths(): GatewayValues {
    const { accessLog, trace, adminReadTokenFile: tokenFile } = this.values;
    const isFile = accessLog !== undefined && accessLog !== "-";
    return {
      ...this.values,
      accessLog: isFile ? resolve(this.folder, accessLog) : accessLog,
      trace: trace === undefined ? undefined : resolve(this.folder, trace),
      adminReadTokenFile: tokenFile === undefined ? undefined : resolve(this.folder, tokenFile),
    };
  }

  // Listeners.

  private listeners(): readonly [ListenerConfig, ...ListenerConfig[]] | undefined {
    const { values } = this;
    if (values.listeners === undefined) return readListeners(values, this.own, this.files);
    for (const key of LISTENERS_SAY.filter((key) => this.said.includes(key))) {
      this.problems.push({
        path: [key],
        message: "there are listeners, which say where clients connect: leave it out",
      });
    }
    const read = values.listeners.map((listener, index) =>
      this.at(["listeners", index], () => {
        const { name } = listener;
        return { ...this.listener(listener, index), ...(name === undefined ? {} : { name }) };
      }),
    );
    const [first, ...others] = read.filter((one) => one !== undefined);
    const places = read.map((one) => one && formatAuthority(one.host, one.port));
    const twice = places.findIndex(
      (one, index) => one !== undefined && !one.endsWith(":0") && places.indexOf(one) !== index,
    );
    if (twice >= 0) {
      this.problems.push({ path: ["listeners", twice], message: `${places[twice]} is given twice: write it once` });
    }
    const names = values.listeners.map(({ name }) => name);
    const again = names.findIndex((name, index) => name !== undefined && names.indexOf(name) !== index);
    if (again >= 0) {
      const message = `"${shown(names[again] ?? "")}" is given twice: write another name`;
      this.problems.push({ path: ["listeners", again, "name"], message });
    }
    return first && apart([first, ...others]);
  }

  private listener(values: ListenerValues, index: number): ListenerConfig {
    const balancers = balancersIn(values.proxyProtocol);
    const config = this.place(values, index);
    return balancers === undefined ? config : { ...config, balancers };
  }

  private place({ http, https, certificates, tls, redirect }: ListenerValues, index: number): ListenerConfig {
    const place = http ?? https;
    if (place === undefined || (http !== undefined && https !== undefined)) {
      throw invalid("write either http: HOST:PORT or https: HOST:PORT");
    }
    const { host, port } = place;
    if (http !== undefined) {
      if (certificates !== undefined || tls !== undefined)
        throw invalid("certificates are for https: write https: HOST:PORT");
      const redirectPort = redirect === undefined ? undefined : redirect === "https" ? 443 : (redirect.port ?? 443);
      return { host, port, tls: undefined, ...(redirectPort === undefined ? {} : { redirectPort }) };
    }
    if (redirect !== undefined) throw invalid("it is https already: leave redirect out");
    if ((certificates === undefined) === (tls === undefined)) {
      throw invalid("write either certificates: [{ cert: FILE, key: FILE }] or tls: self-signed");
    }
    if (certificates === undefined) {
      const places = this.values.listeners?.flatMap((one) => one.https ?? []) ?? [];
      this.ownTls ??= ownTls(places, this.own);
      return { host, port, tls: this.ownTls };
    }
    const files = certificates.map(({ cert, key, clientCa, clientCert }) => ({
      cert: resolve(this.folder, cert),
      key: resolve(this.folder, key),
      ...(clientCa === undefined
        ? {}
        : { clients: { ca: resolve(this.folder, clientCa), isRequired: clientCert !== "optional" } }),
    }));
    const path: Path = ["listeners", index, "certificates"];
    const read = files.map((pair, at) =>
      this.at([...path, at], () => this.named(() => readCertificates([pair], this.files))),
    );
    // Each by itself first, so that all that is wrong with them is told.
    const all = read.includes(undefined)
      ? undefined
      : this.at(path, () => this.named(() => readCertificates(files, this.files)));
    return { host, port, tls: all };
  }

  /** What a pair of files is wrong with, by the keys of this file. */
  private named<Value>(read: () => Value): Value {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof HopwiseError) || error.option === undefined) throw error;
      const shared = error.problem.includes(" are both for ");
      throw new HopwiseError(error.code, error.problem, shared ? undefined : PAIR_KEYS[error.option], error);
    }
  }

  // Groups and routes.

  /** What goes to a listener of this gateway would come back to it. */
  private loops(groups: readonly Group[], listeners: readonly ListenerConfig[]): void {
    const own = new Set(
      listeners.filter(({ port }) => port !== 0).map(({ host, port }) => formatAuthority(host, port)),
    );
    for (const { name, endpoints } of groups) {
      const itself = endpoints.find(({ origin }) => origin.address.kind === "tcp" && own.has(origin.authority));
      if (itself === undefined) continue;
      const message = `${itself.origin.authority} is where this gateway itself listens: write another endpoint`;
      this.problems.push({ path: ["groups", name, "to"], message });
    }
  }

  private groups(): Map<string, Group> {
    const groups = Object.entries(this.values.groups ?? {});
    return new Map(
      groups.map(([name, values]) => {
        const { tls: said } = values;
        const tls = said && this.at(["groups", name, "tls"], () => readOriginTls(said, this.folder, this.files));
        const group = this.at(["groups", name], () => groupOf(name, values, tls));
        return [name, group ?? { name, endpoints: [] }];
      }),
    );
  }

  private route(values: RouteValues, index: number, groups: Map<string, Group>): Route {
    const path: Path = ["routes", index];
    const { name = `routes[${index}]`, match = {} } = values;
    const actions = ROUTE_ACTIONS.filter((key) => values[key] !== undefined);
    if (actions.length !== 1) {
      const found = actions.length === 0 ? "it does nothing" : `it has ${actions.join(" and ")}`;
      this.problems.push({ path, message: `${found}: write one of ${ONE_OF}` });
    }
    for (const key of ON_THE_WAY) {
      if (values[key] === undefined || values.to !== undefined) continue;
      this.problems.push({ path: [...path, key], message: "the request goes nowhere: write it beside to" });
    }
    for (const key of ASKED_FIRST) {
      if (values[key] === undefined || values.refuse === undefined) continue;
      this.problems.push({ path: [...path, key], message: "all are refused anyway: leave it out" });
    }
    const action = this.at(path, () => actionOf(values, groups, this.values.answerFields)) ?? { kind: "refuse" };
    const changes = this.at(path, () => changesOf(values));
    return { name, match, action, changes, policy: this.at(path, () => this.policy(values, name)) };
  }

  /** What the file says that a route names for its users. */
  private usersOf({ users }: RouteValues): string {
    if (users === undefined) return "";
    try {
      return this.files.text(resolve(this.folder, typeof users === "string" ? users : users.file));
    } catch {
      // That is told where it is read.
      return "";
    }
  }

  private policy(values: RouteValues, name: string): RoutePolicy | undefined {
    const { connectTimeout, responseTimeout, bodyTimeout, tunnelTimeout } = this.values;
    return policyOf(values, name, this.users, {
      connectTimeout_ms: connectTimeout,
      responseTimeout_ms: responseTimeout,
      bodyTimeout_ms: bodyTimeout,
      tunnelTimeout_ms: tunnelTimeout,
    });
  }

  /** Routes that cannot be together are told as soon as the file is read. */
  private table(routes: readonly Route[]): void {
    const names = routes.map(({ name }) => name);
    const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
    if (twice >= 0) {
      // It stands for the route in logs, and its limits count by it.
      const message = `another route is called "${shown(names[twice] ?? "")}": write another name`;
      this.problems.push({ path: ["routes", twice, "name"], message });
    }
    for (const [index, { match }] of routes.entries()) {
      this.at(["routes", index, "match"], () => new RouteTable([match], (one) => one));
    }
    if (this.problems.length > 0) return;
    try {
      new RouteTable(routes, ({ match }) => match);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      this.problems.push({ path: ["routes", error.route ?? 0], message: error.message });
    }
  }
}
