/** What the target seems to be: as somebody told, as its `Server` field says, or as it behaves. */
import { Kind } from "../wire/fields.ts";
import type { Answer } from "./probe/answer-reader.ts";
import { isLast } from "./probe/last-response.ts";
import { productNamed } from "./products/all.ts";
import { recognise } from "./products/recognise.ts";
import type { TargetProduct } from "./report/report.ts";

/** @param told like `nginx` or `node@20` */
export function recognised(told: string | undefined, answer: Answer): TargetProduct | undefined {
  const { fields } = answer;
  if (told !== undefined) {
    const [name = told, version] = told.split("@");
    const known = productNamed(name)?.name ?? name.toLowerCase();
    return { name: known, ...(version === undefined ? {} : { version }), from: "told" };
  }
  const server = fields.get("server");
  const via = fields.get("via");
  // What a proxy passes on of its origin's does not say what the proxy is.
  const known = via === undefined ? recognise(server) : recognise(undefined, via);
  if (known !== undefined) {
    const { product, version } = known;
    return { name: product.name, ...(version === undefined ? {} : { version }), from: "server-field" };
  }
  // Node says nothing of itself, but writes just these where nobody changed them.
  const isLikeNode =
    server === undefined &&
    via === undefined &&
    /^timeout=\d+$/.test(fields.firstOf(Kind.keepAlive) ?? "") &&
    fields.get("connection") === "keep-alive";
  if (isLikeNode) return { name: "node", from: "behaviour" };
  // PHP's built-in server sends the request's Host back, and nobody else does.
  const isLikePhp = server === undefined && via === undefined && fields.has(Kind.host) && isLast(answer);
  return isLikePhp ? { name: "php", from: "behaviour" } : undefined;
}
