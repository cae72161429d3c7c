/** Links in the documents lead to files that exist, and to headings that stand there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Text as it is read: what stands in code is an example, not a link. */
function proseOf(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "code");
}

/** Names that GitHub gives to a page's headings. */
function anchorsOf(path: string): Set<string> {
  const text = readFileSync(path, "utf8").replace(/^```[\s\S]*?^```/gm, "");
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(headings);
}

/** Links that lead nowhere. */
function broken(page: string): string[] {
  const path = join(root, page);
  const links = [...proseOf(readFileSync(path, "utf8")).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    if (!existsSync(target) || relative(root, target).startsWith("..")) return true;
    return anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).has(anchor);
  });
}

describe("every link leads somewhere", () => {
  it("there are pages to judge", () => {
    expect(pages.length).toBeGreaterThan(15);
  });

  for (const page of pages) {
    it(page, () => expect(broken(page)).toEqual([]));
  }
});

it("every page is named by another one, so that it can be found", () => {
  const named = new Set(
    pages.flatMap((page) => {
      const links = [...readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)\s#]+)/g)].map(
        ([, link = ""]) => link,
      );
      return links.map((link) => relative(root, join(root, dirname(page), link))).filter((link) => link !== page);
    }),
  );
  expect(pages.filter((page) => page !== "README.md" && !named.has(page))).toEqual([]);
});
