/**
 * The commands, their help, and what is said about wrong usage: always one line that says what to write instead.
 */
import { Command, CommanderError, Option } from "commander";
import { HopwiseError } from "../config/error.ts";
import { shown } from "../config/values.ts";
import { version } from "../ledger/version.ts";
import { addDoctor } from "./doctor-flags.ts";
import { spelled, takeFlagsFrom, variableText, warnOfUnknown } from "./environment.ts";
import { ExitCode, exitCodeFor } from "./exit.ts";
import { addForwardFlags, addProxyFlags } from "./flags.ts";
import { behind } from "./help-text.ts";
import { styled, Terminal } from "./terminal.ts";
import { usageFault } from "./usage-fault.ts";

/** Beside the longest flags 80 columns leave as much for what they mean. */
const TEXT_WIDTH_MIN = 20;

type Flags = Readonly<Record<string, unknown>>;
type Run = (flags: Flags, terminal: Terminal) => Promise<ExitCode>;

/** Each command is loaded when it runs: nobody waits for the others. */
const runProxy: Run = async (...given) => await (await import("./proxy.ts")).runProxy(...given);
const runForward: Run = async (...given) => await (await import("./forward.ts")).runForward(...given);
const runGateway: Run = async (...given) => await (await import("./run.ts")).runGateway(...given);
const runCheck: Run = async (...given) => await (await import("./check.ts")).runCheck(...given);
const runDemo: Run = async (...given) => await (await import("./demo/demo.ts")).runDemo(...given);

const PROXY_AFTER = `
Durations are written 500ms, 5s, 2m, 1h; sizes 16k, 1m.
SIGTERM or Ctrl-C drains; a second one ends at once. SIGHUP reads files again, SIGUSR1 opens the access log anew.
Exit codes: 0 success, 1 failed or something was cut, 2 wrong usage or configuration, or a port that is taken.

Examples:
  $ hopwise proxy --to http://127.0.0.1:3000
  $ hopwise proxy --listen 0.0.0.0:80 --to http://10.0.0.2:3000 \\
        --to http://10.0.0.3:3000 --access-log /var/log/hopwise.log
  $ hopwise proxy --listen https://0.0.0.0:443 --redirect 0.0.0.0:80 \\
        --to http://127.0.0.1:3000 \\
        --tls-cert fullchain.pem --tls-key privkey.pem`;

const FORWARD_AFTER = `
http goes through it in absolute-form, https as a tunnel (CONNECT). Addresses that are not public are refused unless \
--allow-private is given; so are ports other than --connect-ports for tunnels and --http-ports for the rest.
Durations are written 500ms, 5s, 2m, 1h; sizes 16k, 1m.
SIGTERM or Ctrl-C drains; a second one ends at once. SIGHUP reads files again, SIGUSR1 opens the access log anew.
Exit codes: 0 success, 1 failed or something was cut, 2 wrong usage or configuration, or a port that is taken.

Examples:
  $ hopwise forward
  $ curl -x http://127.0.0.1:3128 http://example.com/ https://example.com/
  $ https_proxy=http://127.0.0.1:3128 npm install
  $ chromium --proxy-server=http://127.0.0.1:3128

  $ printf 'alice:%s\\n' "$(hopwise forward --hash-password)" >> users
    (asks for the password)
  $ hopwise forward --listen 0.0.0.0:3128 --users users
  $ curl -x http://proxy.example:3128 --proxy-user alice https://example.com/`;

const TOP_AFTER = `
Keys: f what failed, g what fails most, s what was slowest, e what ended last,
c connections, r why they closed, / filters, space pauses, q quits.
Into a pipe it writes what there is once, and ends.
Exit codes: 0 success, 2 wrong usage, 3 nothing there.

Examples:
  $ hopwise top
  $ hopwise top 9901
  $ hopwise top http://10.0.0.2:9901 | head -20`;

const FILE_AFTER = `
The file is YAML, JSON, JavaScript or TypeScript (export default). Each option of hopwise proxy is a key of it, too; \${NAME} stands for \
a variable of the environment, \${file:PATH} for what a file holds.

  listeners:
    - http: 127.0.0.1:8080
  groups:
    app: { to: [http://127.0.0.1:3000, http://127.0.0.1:3001] }
  routes:
    - match: { path: /api/* }
      to: app
      stripPrefix: /api
    - match: { path: /old }
      redirect: /new
    - to: app

SIGHUP and POST /reload on the admin port read the file again: what is named still loses no connection, and a file with a fault \
changes nothing.

Examples:
  $ hopwise check
  $ hopwise route GET https://app.example.com/api/users
  $ hopwise run -c site.yaml`;

const DEMO_AFTER = `
You will see where each origin is, which connections are open and reused, what
hopwise learns and retries, and how many of the same requests fail through each
proxy; through the naive one the first mostly within half a minute. Two pages
are for a browser: the dashboard, where every connection is seen, and the
showroom, which stops origins, shortens their timeouts, floods with idle clients
and drains. Ctrl-C ends it with a summary. Where the output is not a terminal,
it is plain lines.

Examples:
  $ hopwise demo
  $ curl -v http://127.0.0.1:8080/hello http://127.0.0.1:8080/again`;

const LAB_AFTER = `
You will see who sends what to whom and when, sentence by sentence, first without
hopwise and then with it; then what came of it, the figures that were measured,
and the moral. On real sockets a play takes its time, up to half a minute.

Exit codes: 0 success, 1 something did not come out as it must, 2 wrong usage, 3 the proxy cannot be reached.

Examples:
  $ hopwise lab
  $ hopwise lab dumb-proxy
  $ hopwise lab connectionless --rtt 80ms --lang ko
  $ hopwise lab close-races --network simulated --speed 2
  $ hopwise lab keep-alive --proxy http://127.0.0.1:8080
    (a reverse proxy in front of http://127.0.0.1:9080)
  $ hopwise lab keep-alive --proxy http://127.0.0.1:3128 --forward
  $ hopwise lab --all --html story.html`;

/** Runs one command line. Returns its exit code. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.well;
  const program = programWith(async (run, flags) => {
    const terminal = new Terminal({ isQuiet: flags.quiet === true, isJson: flags.json === true });
    exitCode = await run(flags, terminal);
  });
  program.hook("preAction", (_, command) => {
    warnOfUnknown(process.env, program, new Terminal());
    takeFlagsFrom(process.env, command);
  });
  try {
    refuseUnknown(args, program);
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    const terminal = new Terminal();
    const [line, code] = explained(error, commandIn(args, program));
    if (line !== "") terminal.warn(`${styled("red", "hopwise")}: ${line}`);
    return code;
  }
}

/** Also what docs/options.md is made of. */
export function programWith(execute: (run: Run, flags: Flags) => Promise<void>): Command {
  const program = new Command("hopwise")
    .description("The proxy that knows its hops: persistent HTTP/1 connections done right, with a reason for each.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .helpCommand("help [command]", "the same as COMMAND --help")
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: false, optionDescription, minWidthToWrap: TEXT_WIDTH_MIN })
    .addHelpText(
      "after",
      behind("\nRun hopwise COMMAND --help for the options of a command, and for the variables that say them, too."),
    );

  addProxyFlags(
    program
      .command("proxy")
      .description("Reverse proxy: forwards requests to an origin, and says why each connection lives and dies.")
      .usage("--to <url> [options]")
      .summary("reverse proxy in front of an origin"),
  )
    .addOption(workersFlag())
    .addOption(new Option("--quiet", "only errors and warnings").helpGroup("Operation:"))
    .addOption(new Option("--json", "machine lines on the standard output").helpGroup("Operation:"))
    .addHelpOption(helpFlag())
    .addHelpText("after", behind(PROXY_AFTER))
    .allowExcessArguments()
    .action((flags: Flags, command: Command) => {
      refuseSurplus(command.args);
      return execute(runProxy, flags);
    });

  addForwardFlags(
    program
      .command("forward")
      .description("Forward proxy with CONNECT: takes clients to origins, and says why each connection lives and dies.")
      .usage("[options]")
      .summary("forward proxy for browsers and programs"),
  )
    .addOption(workersFlag())
    .addOption(
      new Option("--hash-password", "read a password, print its hash for the file of --users, and end").helpGroup(
        "Operation:",
      ),
    )
    .addOption(new Option("--quiet", "only errors and warnings").helpGroup("Operation:"))
    .addOption(new Option("--json", "machine lines on the standard output").helpGroup("Operation:"))
    .addHelpOption(helpFlag())
    .addHelpText("after", behind(FORWARD_AFTER))
    .allowExcessArguments()
    .action((flags: Flags, command: Command) => {
      refuseSurplus(command.args, "a forward proxy is told where by its clients; to listen there write --listen");
      return execute(runForward, flags);
    });

  const fileCommand = (name: string, description: string, summary: string) =>
    program
      .command(name)
      .description(description)
      .summary(summary)
      .addOption(new Option("-c, --config <file>", "the file (default: hopwise.config.yaml, .json, .js or .ts here)"))
      .addHelpOption(new Option("-h, --help", "print this"));
  fileCommand(
    "run",
    "Reverse proxy with listeners, groups and routes, as a file says.",
    "reverse proxy that a file describes",
  )
    .usage("[-c FILE] [--watch]")
    .addOption(new Option("--watch", "read the file again whenever it changes, or one that it names"))
    .addOption(
      new Option(
        "--admin-token-file <file>",
        "the token that POST /reload on the admin port asks for; made where there is none",
      ),
    )
    .addOption(
      new Option(
        "--workers <count>",
        "processes that share the work, or auto: as many as there is processor time for; what is limited is limited for all of " +
          "them together (default: 1)",
      ),
    )
    .addOption(new Option("--quiet", "only errors and warnings"))
    .addOption(new Option("--json", "machine lines on the standard output"))
    .addHelpText("after", behind(FILE_AFTER))
    .allowExcessArguments()
    .action((flags: Flags, command: Command) => {
      refuseSurplus(command.args, "write -c");
      return execute(runGateway, flags);
    });
  fileCommand(
    "check",
    "Says whether a file can run, and what it means, or all that is wrong with it.",
    "check the file of hopwise run",
  )
    .usage("[-c FILE] [--json]")
    .addOption(new Option("--json", "say it as JSON, for programs"))
    .addOption(new Option("--schema", "print the JSON Schema of the file, with which editors check it, and end"))
    .addHelpText("after", behind(FILE_AFTER))
    .allowExcessArguments()
    .action((flags: Flags, command: Command) => {
      refuseSurplus(command.args, "write -c");
      return execute(runCheck, flags);
    });
  fileCommand(
    "route",
    "Says which route of a file takes a request, and why the others do not.",
    "which route takes a request",
  )
    .argument("<method>", "like GET")
    .argument("<url>", "like https://app.example.com/api/users")
    .usage("METHOD URL [-c FILE]")
    .addOption(
      new Option("-H, --header <name: value>", "a field of the request; repeatable").argParser(
        (value: string, before: string[] = []) => [...before, value],
      ),
    )
    .addHelpText("after", behind(FILE_AFTER))
    .action((method: string, url: string, flags: Flags) =>
      execute(async (known, terminal) => {
        const { runRoute } = await import("./route.ts");
        return await runRoute(method, url, known, terminal);
      }, flags),
    );

  addProxyFlags(
    program
      .command("demo")
      .description(
        "Shows hopwise in front of five embedded origins with different keep-alive behaviour. Gentle traffic goes through " +
          "hopwise and, beside it, through a naive proxy (node:http, an Agent with keepAlive); the failures of both are counted.",
      )
      .usage("[options]")
      .summary("see it at work beside a naive proxy: five embedded origins, gentle traffic, a dashboard"),
    ["admin"],
  )
    .addOption(new Option("--no-traffic", "no traffic but yours").helpGroup("Operation:"))
    .addOption(new Option("--json", "machine lines on the standard output").helpGroup("Operation:"))
    .addHelpOption(helpFlag())
    .addHelpText("after", behind(DEMO_AFTER))
    .allowExcessArguments()
    .action((flags: Flags, command: Command) => {
      refuseSurplus(command.args);
      return execute(runDemo, flags);
    });
  program
    .command("top")
    .argument("[target]", "the admin server of a hopwise: its port here, host:port, or a URL (default: 9901)")
    .description(
      "Shows what a running hopwise does, as top does of processes: its requests, connections and failures, and why.",
    )
    .summary("watch a running hopwise in the terminal")
    .addOption(
      new Option("--admin-read-token-file <file>", "the token for reading, where the admin server asks for one"),
    )
    .addHelpOption(new Option("-h, --help", "print this"))
    .addHelpText("after", behind(TOP_AFTER))
    .action((target: string | undefined, flags: Flags) =>
      execute(async (known, terminal) => {
        const { runTop } = await import("./top/top.ts");
        return await runTop(target, known, terminal);
      }, flags),
    );
  addLab(program, execute);
  addDoctor(program, (url, flags) =>
    execute(async (known, terminal) => {
      const { runDoctor } = await import("./doctor.ts");
      return await runDoctor(url, known, terminal);
    }, flags),
  );
  return program;
}

function addLab(program: Command, execute: (run: Run, flags: Flags) => Promise<void>): void {
  const played = (flags: string, text: string) => new Option(flags, text).helpGroup("How it is played:");
  const shownAs = (flags: string, text: string) => new Option(flags, text).helpGroup("How it is shown:");
  program
    .command("lab")
    .argument("[scenario...]", "what to play; without a name: the list of scenarios")
    .description("Plays the stories of HTTP connections with real bytes, and says what happens and why.")
    .usage("[scenario ...] [options]")
    .summary("play the stories of HTTP connections, and see why they live and die")
    .addOption(played("--all", "every scenario, in virtual time where real waiting would teach nothing"))
    .addOption(
      played(
        "--proxy <who>",
        "who stands in the middle: none, dumb, naive, lenient, hopwise, or the URL of a real proxy",
      ),
    )
    .addOption(played("--forward", "the real proxy is a forward proxy: it is sent absolute targets"))
    .addOption(
      played("--origin-port <port>", "where the lab's server listens for a real reverse proxy (default: 9080)"),
    )
    .addOption(played("--rtt <duration>", "round trip of each hop (default: the scenario's own)"))
    .addOption(played("--network <kind>", "sockets, or simulated: virtual time (default: sockets)"))
    .addOption(played("--speed <factor>", "draw a simulated play so many times as fast as it would be; 0: at once"))
    .addOption(shownAs("--lang <language>", "en or ko (default: that of LANG)"))
    .addOption(shownAs("--json", "the plays as data"))
    .addOption(shownAs("--mermaid", "the plays as Mermaid sequence diagrams"))
    .addOption(shownAs("--html <file>", "write a page that stands on its own"))
    .addHelpOption(new Option("-h, --help", "print this").helpGroup("How it is shown:"))
    .addHelpText("after", behind(LAB_AFTER))
    .action((names: readonly string[], flags: Flags) =>
      execute(async (known, terminal) => {
        const { runLabCommand } = await import("./lab.ts");
        return await runLabCommand(names, known, terminal);
      }, flags),
    );
}

/** With the variable that says the same. */
function optionDescription(option: Option): string {
  const variable = variableText(option);
  return variable === undefined ? option.description : `${option.description} [${variable}]`;
}

function workersFlag(): Option {
  const text =
    "processes that share the work, or auto: one per core, less where a container's limit gives less time than they have; --max-connections and --pool-size are for all of them " +
    "together, and divided evenly (default: 1)";
  return new Option("--workers <count>", text).helpGroup("Operation:");
}

function helpFlag(): Option {
  return new Option("-h, --help", "print this").helpGroup("Operation:");
}

/** Help for a command that there is not would be the help for all of them, without a word about it. */
function refuseUnknown(args: readonly string[], program: Command): void {
  const [first = "", second = ""] = args;
  const named = first === "help" ? second : args.includes("--help") || args.includes("-h") ? first : "";
  if (named === "" || named.startsWith("-") || named === "help" || commandIn([named], program) !== undefined) return;
  throw new CommanderError(1, "commander.unknownCommand", `unknown command '${named}'`);
}

function commandIn([first]: readonly string[], program: Command): Command | undefined {
  return program.commands.find((command) => command.name() === first);
}

/** Every value has a flag in front of it; most who forget one mean the origin. */
function refuseSurplus([first]: readonly string[], hint?: string): void {
  if (first === undefined) return;
  const isOrigin = /[:/.]/.test(first);
  const how = isOrigin ? `${hint ?? "write --to"} ${shown(first)}` : "every value follows its flag; see --help";
  throw new HopwiseError("option-invalid", `"${shown(first)}" is an argument too many: ${how}`);
}

/** What went wrong, in one line, and the exit code that goes with it. */
function explained(error: unknown, command: Command | undefined): [string, ExitCode] {
  if (error instanceof HopwiseError) {
    return [error.messageNaming((name) => spelled(name, command)), exitCodeFor(error.code)];
  }
  if (!(error instanceof CommanderError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [`a fault of its own, please report it\n${text}`, ExitCode.failed];
  }
  if (error.exitCode === 0) return ["", ExitCode.well];
  return [usageFault(error, command), ExitCode.usage];
}
