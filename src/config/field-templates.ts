/**
 * Values of fields with variables in them, `{client}`, read once: to text and variables, or to an error that says what to write.
 *
 * What other programs call their variables would be sent as it stands, which nobody means, so it is refused with what it is called here.
 */
import { type Template, type Variable, variables } from "../exchange/variables.ts";
import { nearest } from "./nearest.ts";
import { invalid, shown } from "./values.ts";

/** `{{client}}` is `{client}` itself; JSON and the like, with quotes or spaces in braces, is text. */
const MARKED = /\{\{([a-z][a-z0-9._-]*)\}\}|\{([a-z][a-z0-9._-]*)\}/gi;
/** nginx, HAProxy and Apache httpd. */
const FOREIGN = /\$([a-z][a-z0-9_]*)|%\[([^\]]*)\]|%\{([^}]*)\}/gi;

/** What others call it. */
const OTHER_WORDS: Readonly<Record<Variable, RegExp>> = {
  client:
    /^(?:(?:realip_)?remote_(?:addr|host|ip)|remote|client[._]?(?:ip|addr|address)|src|ip|http\.request\.remote(?:\.host)?|http\.vars\.client_ip)$/i,
  scheme: /^(?:request_scheme|proto|http\.request\.scheme|ssl_fc)$/i,
  host: /^(?:http_host|hostport|server_name|req\.hdr\(host\)|hdr\(host\)|http\.request\.host(?:port)?)$/i,
  uri: /^(?:request_uri|document_uri|path_query|pathq?|url|http\.request\.(?:orig_)?uri)$/i,
  method: /^(?:request_method|http\.request\.method)$/i,
  user: /^(?:remote_user|http\.auth\.user\.id)$/i,
};
const SENT_ANYWAY = /^(?:proxy_add_x_forwarded_for|http_x_forwarded_(?:for|proto|host))$/i;

/** @returns undefined for plain text @throws HopwiseError `option-invalid` */
export function readTemplate(value: string): Template | undefined {
  refuseForeign(value);
  const parts: (string | { readonly variable: Variable })[] = [];
  let from = 0;
  for (const { 0: marked, 1: literal, 2: name = "", index } of value.matchAll(MARKED)) {
    if (index > from) parts.push(value.slice(from, index));
    parts.push(literal === undefined ? { variable: variableNamed(name) } : `{${literal}}`);
    from = index + marked.length;
  }
  if (parts.length === 0) return undefined;
  return from < value.length ? [...parts, value.slice(from)] : parts;
}

function variableNamed(name: string): Variable {
  const known = variables.find((one) => one === name);
  if (known !== undefined) return known;
  const meant = meantBy(name) ?? nearest(name, variables);
  const hint =
    meant === undefined ? `there are: ${variables.map((one) => `{${one}}`).join(" ")}` : `did you mean {${meant}}?`;
  throw invalid(
    `"{${shown(name)}}" is not known here; ${hint} (for these letters themselves write {{${shown(name)}}})`,
  );
}

function refuseForeign(value: string): void {
  for (const [marked, dollar, percent, braces] of value.matchAll(FOREIGN)) {
    const name = (dollar ?? percent ?? braces ?? "").trim();
    if (SENT_ANYWAY.test(name)) {
      throw invalid(
        `"${shown(marked)}" is another program's variable: X-Forwarded-For, -Proto and -Host are sent anyway, so leave it out`,
      );
    }
    const meant = variables.find((one) => one === name.toLowerCase()) ?? meantBy(name);
    if (meant !== undefined) throw invalid(`"${shown(marked)}" is another program's variable: write {${meant}}`);
  }
}

function meantBy(name: string): Variable | undefined {
  return variables.find((one) => OTHER_WORDS[one].test(name));
}
