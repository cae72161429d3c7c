/**
 * The dashboard as the demonstration serves it: with a way back to the showroom.
 *
 * Deliberately absent: any trace of it in the dashboard itself, which every proxy serves.
 */
import type { Dashboard } from "../../admin/dashboard-files.ts";

const STYLES = "/way-back.css";
const css = ".way-back{padding:10px var(--edge,20px) 0}";

/** @param showroom where it is; @returns undefined where there is no dashboard */
export function withWayBack(built: Dashboard | undefined, showroom: string): Dashboard | undefined {
  if (built === undefined) return undefined;
  const html = built.page.bytes
    .toString()
    .replace("</head>", `<link rel="stylesheet" href=".${STYLES}">$&`)
    .replace(/<body[^>]*>/, `$&<nav class="way-back"><a href="${showroom}/">Back to the showroom</a></nav>`);
  const styles = { contentType: "text/css; charset=utf-8", bytes: Buffer.from(css), isImmutable: false };
  return {
    page: { ...built.page, bytes: Buffer.from(html) },
    files: new Map([...built.files, [STYLES, styles]]),
  };
}
