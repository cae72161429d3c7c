/** Pages of which a part is written by a program: between `<!-- NAME: begin … -->` and `<!-- NAME: end -->`. */

/** `page` with the part `name` replaced. @throws when the page has no such part */
export function withSection(page: string, name: string, content: string): string {
  const begin = page.indexOf(`<!-- ${name}: begin`);
  const end = page.indexOf(`<!-- ${name}: end -->`);
  const contentStart = page.indexOf("-->\n", begin) + 4;
  if (begin < 0 || end < contentStart) throw new Error(`the page has no section ${name}`);
  return `${page.slice(0, contentStart)}\n${content.trim()}\n\n${page.slice(end)}`;
}
