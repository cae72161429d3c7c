/** The flags and the help of `hopwise doctor`. */
import { type Command, Option } from "commander";
import { behind } from "./help-text.ts";

const AFTER = `
It opens a few connections, sends GET and HEAD, waits until idle connections end, and says what it saw, what follows, and what to change.
Single defects cap the grade from A to F. Reports show no credentials, cookies and query strings.

Exit codes: 0 success, 1 findings at or above --fail-on, 2 wrong usage, 3 the target cannot be examined.
Ctrl-C ends it and prints what is known by then; a second one ends at once.

Examples:
  $ hopwise doctor http://127.0.0.1:3000
  $ hopwise doctor https://app.example.com/healthz --quick --fail-on advice
  $ hopwise doctor http://127.0.0.1:3000 --only HW2 --max-wait 5m
  $ hopwise doctor http://127.0.0.1:3000 --allow-post /upload --intrusive
  $ hopwise doctor http://127.0.0.1:3000 --json > report.json
  $ hopwise doctor http://127.0.0.1:3000 --html report.html
  $ hopwise doctor --chain 'alb,nginx:keepalive_timeout=75,node@20'
  $ hopwise doctor --through http://127.0.0.1:8080 \\
        --origin-listen 127.0.0.1:3000
  $ hopwise doctor --between --to http://127.0.0.1:3000 --for 10m
  $ hopwise doctor --log access.log`;

/** @param run what the command does, given its URL and flags */
export function addDoctor(
  program: Command,
  run: (url: string | undefined, flags: Readonly<Record<string, unknown>>) => Promise<void>,
): void {
  const looking = (flags: string, text: string) => new Option(flags, text).helpGroup("How it looks:");
  const elsewhere = (flags: string, text: string) => new Option(flags, text).helpGroup("Instead of a URL:");
  const telling = (flags: string, text: string) => new Option(flags, text).helpGroup("What it tells:");
  program
    .command("doctor")
    .argument("[url]", "what to examine, like http://127.0.0.1:3000/")
    .description("Measures how a server treats its connections, explains it, and says how to fix it.")
    .usage("URL|--chain LIST|--through URL|--between|--log FILE")
    .summary("measure how a server treats its connections, and what to change")
    .addOption(
      elsewhere("--chain <list>", "neighbours of a chain, on paper: alb,nginx:keepalive_timeout=75,node@20, or a file"),
    )
    .addOption(elsewhere("--rtt <duration>", "round trip between the neighbours of --chain (default: 1ms)"))
    .addOption(elsewhere("--ascii", "draw --chain without box characters"))
    .addOption(elsewhere("--through <url>", "a proxy, seen from both sides: the doctor is its client and its origin"))
    .addOption(
      elsewhere(
        "--origin-listen <address>",
        "where that proxy sends to; the doctor listens there; https:// in front: over TLS",
      ),
    )
    .addOption(
      elsewhere("--drain <command>", "at the end run this, which makes the proxy drain, and watch what is lost"),
    )
    .addOption(elsewhere("--forward", "it is a forward proxy: it is sent absolute targets"))
    .addOption(
      elsewhere("--between", "real traffic: stand between clients and an origin for a while, and report on it"),
    )
    .addOption(list(elsewhere("--to <url>", "with --between: the origin; repeatable")))
    .addOption(
      elsewhere("--listen <address>", "with --between: where clients come in meanwhile (default: 127.0.0.1:8080)"),
    )
    .addOption(elsewhere("--for <duration>", "with --between: for how long (default: 10m)"))
    .addOption(elsewhere("--log <file>", "the same of traffic that was: the JSON access log of a hopwise; -: stdin"))
    .addOption(
      elsewhere("--front <products>", "with these two: what stands in front, for its settings (default: alb,nginx)"),
    )
    .addOption(looking("--max-wait <duration>", "how long idle connections are watched at most (default: 130s)"))
    .addOption(looking("--quick", "skip long waits: nothing is watched for longer than 3s"))
    .addOption(list(looking("--only <ids>", "run these checks alone: HW201, or HW2 for all of a section; repeatable")))
    .addOption(list(looking("--skip <ids>", "do not run these checks; repeatable")))
    .addOption(looking("--allow-post <path>", "POST requests of up to 8 MiB may be sent to this path"))
    .addOption(looking("--intrusive", "also send ambiguous and malformed messages"))
    .addOption(looking("--load <count>", "also open so many connections at once"))
    .addOption(
      looking("--i-am-authorised <host>", "--intrusive and --load may go to this host although its address is public"),
    )
    .addOption(
      looking(
        "--max-requests <count>",
        "requests on one connection before its limit counts as not found (default: 1100, 150 for public addresses)",
      ),
    )
    .addOption(
      list(looking("-H, --header <name: value>", "a field of every request; no report shows its value; repeatable")),
    )
    .addOption(looking("--insecure", "take any certificate"))
    .addOption(looking("--ca <file>", "further certificate authorities, in PEM"))
    .addOption(looking("--product <name>", "what it is, where its Server field does not say: node, nginx ..."))
    .addOption(
      telling("--fail-on <level>", "exit with 1 for findings of this level: fail, advice or never (default: fail)"),
    )
    .addOption(telling("--json", "the report as data"))
    .addOption(telling("--html <file>", "also write the report as a page that stands on its own"))
    .addOption(telling("--schema", "print the JSON Schema of what --json prints"))
    .addOption(telling("--quiet", "no progress"))
    .addHelpOption(new Option("-h, --help", "print this").helpGroup("What it tells:"))
    .addHelpText("after", behind(AFTER))
    .action(run);
}

/** An option that may be repeated. */
function list(option: Option): Option {
  return option.argParser((value: string, before: string[] = []) => [...before, value]);
}
