/**
 * The tokens of an admin server, as a configuration wants them: for requests that read, and for those that change something.
 *
 * Deliberately absent: how a token is made, kept and compared, see admin/token.ts, which nobody loads who has no admin server.
 */
import type { AdminServer, Reading } from "../admin/server.ts";
import type { AdminToken } from "../admin/token.ts";
import type { ProxyConfig } from "../config/options.ts";

/** Who may read, and how much. @throws HopwiseError for a file that cannot be used */
export async function readingFor({ adminReadTokenFile: file, adminShowsQueries }: ProxyConfig): Promise<Reading> {
  const { namedToken } = await import("../admin/token.ts");
  return {
    token: file === undefined ? undefined : namedToken(file, "adminReadTokenFile"),
    showsQueries: adminShowsQueries,
  };
}

/** For requests that change something. @throws HopwiseError for a file that was named and cannot be used */
export async function writeTokenFor(admin: AdminServer, file: string | undefined): Promise<AdminToken | undefined> {
  const { namedToken, newToken } = await import("../admin/token.ts");
  if (file !== undefined) return namedToken(file);
  try {
    return newToken(admin.address.port);
  } catch (error) {
    process.emitWarning(`nobody can reload on the admin port: ${(error as Error).message}`, {
      code: "HOPWISE_ADMIN_TOKEN",
    });
    return undefined;
  }
}
