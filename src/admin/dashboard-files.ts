/**
 * The dashboard's files, as they were built: read once, kept in memory, and found by the whole path that is asked for. No path of a
 * request is ever looked for on a disk.
 *
 * Deliberately absent: what the dashboard is made of, see the folder `dashboard`; compression, since it is mostly this machine that asks.
 */
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** Far more than there are; whatever has so many is not the dashboard. */
const FILES_MAX = 200;
const BYTES_MAX = 16 * 1024 * 1024;

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

const PAGE = "/index.html";
/** Vite puts a hash of the contents behind the name: what is there under a name never changes. */
const HASHED = /^\/assets\/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

export interface DashboardFile {
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly isImmutable: boolean;
}

export interface Dashboard {
  readonly page: DashboardFile;
  /** By path, like `/assets/index-Bx3kP2aQ.js`; without the page. */
  readonly files: ReadonlyMap<string, DashboardFile>;
}

/** Beside what is shipped; for what runs module by module, or from its sources, where the build puts it. */
function builtFolders(here: string): readonly string[] {
  return /\/(?:src|build)\/admin\/[^/]*$/.test(here) ? ["../../dist/dashboard/"] : ["../dashboard/", "./dashboard/"];
}

/** @returns undefined where it was not built, or cannot be read */
export async function readDashboard(
  folders: readonly URL[] = builtFolders(import.meta.url).map((folder) => new URL(folder, import.meta.url)),
): Promise<Dashboard | undefined> {
  for (const folder of folders) {
    const files = await filesIn(folder).catch(() => undefined);
    const page = files?.get(PAGE);
    if (files === undefined || page === undefined) continue;
    files.delete(PAGE);
    return { page, files };
  }
  return undefined;
}

/** Those of a known kind, and no links. @throws Error for a folder that cannot be read, or that has too much */
async function filesIn(folder: URL): Promise<Map<string, DashboardFile>> {
  const root = fileURLToPath(folder);
  const files = new Map<string, DashboardFile>();
  let size = 0;
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    const contentType = contentTypes[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const file = `${entry.parentPath}/${entry.name}`;
    const path = `/${file.slice(root.length).replaceAll("\\", "/").replace(/^\/+/, "")}`;
    const bytes = await readFile(file);
    size += bytes.length;
    files.set(path, { contentType, bytes, isImmutable: HASHED.test(path) });
    if (files.size > FILES_MAX || size > BYTES_MAX) throw new Error(`${root} has more than a dashboard has`);
  }
  return files;
}
