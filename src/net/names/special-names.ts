/** Names whose meaning no name server is asked for, because it is known (RFC 6761, RFC 7686), and names that cannot be. */

const LOCALHOST: readonly string[] = ["127.0.0.1", "::1"];
/** Labels of letters, digits, hyphens and underscores (RFC 1123 section 2.1; the last is found in real names). */
const NAME = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?$/;
const NAME_LENGTH_MAX = 254;
/** A last label that is a number: the system's resolver would read the whole as an IPv4 address, as the URL standard does. */
const NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/;

/** What `name`, in lowercase, means without being asked for; none of these: undefined. */
export function specialMeaning(name: string): readonly string[] | "ENOTFOUND" | undefined {
  if (name.length > NAME_LENGTH_MAX || !NAME.test(name)) return "ENOTFOUND";
  if (NUMBER.test(name)) return numericAddress(name);
  const labels = name.replace(/\.$/, "").split(".");
  switch (labels.at(-1)) {
    case "localhost":
      return LOCALHOST;
    case "invalid":
    case "onion":
      return "ENOTFOUND";
    default:
      return undefined;
  }
}

function numericAddress(name: string): readonly string[] | "ENOTFOUND" {
  const url = `http://${name}/`;
  return URL.canParse(url) ? [new URL(url).hostname] : "ENOTFOUND";
}
