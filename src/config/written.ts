/**
 * What a configuration was made of, part by part, to be compared with that of another: what became of it (functions, lists of networks, keys
 * made by chance) cannot be.
 *
 * Deliberately absent: what follows from a difference, and how it is told, see proxy/changes.ts.
 */

export interface Written {
  /** By the names of options, as the file has them. */
  readonly options: Readonly<Record<string, string>>;
  /** In their order, with the users of those that ask for passwords. */
  readonly routes: readonly string[];
}

/** @param values as they were read, with defaults @param usersOf what the file says that a route names for its users */
export function writtenIn<Route extends object>(
  values: object & { readonly routes?: readonly Route[] | undefined },
  usersOf: (route: Route) => string = () => "",
): Written {
  const options = Object.entries(values).map(([name, value]) => [name, textOf(value)]);
  return {
    options: Object.fromEntries(options),
    routes: (values.routes ?? []).map((route) => textOf(route) + usersOf(route)),
  };
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (one instanceof Map ? [...one] : one)) ?? "";
}
