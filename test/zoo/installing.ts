/**
 * `npm run zoo -- --install`: what is missing, from Debian's packages and from npm.
 *
 * Debian starts the services of what it installs. The zoo runs programs of its own, so a policy for the time of the installation says no.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { has } from "../interop/support/programs.ts";
import { debianPackages } from "./residents.ts";

const POLICY = "/usr/sbin/policy-rc.d";
/** What it says: not allowed (Debian's invoke-rc.d). */
const FORBIDDEN = 101;

export function install(here: string): void {
  const packages = Object.entries(debianPackages).flatMap(([program, name]) => (has(program) ? [] : [name]));
  if (packages.length > 0) {
    if (process.getuid?.() === 0 && has("apt-get")) installPackages(packages);
    else console.log(`not root, or no apt-get here: install by hand ${packages.join(" ")}`);
  }
  for (const directory of [here, join(here, "../runtimes")]) {
    if (!existsSync(join(directory, "node_modules"))) run("npm", ["ci", "--ignore-scripts", "--prefix", directory]);
  }
}

function installPackages(packages: readonly string[]): void {
  const isOurs = !existsSync(POLICY);
  if (isOurs) {
    writeFileSync(POLICY, `#!/bin/sh\nexit ${FORBIDDEN}\n`);
    chmodSync(POLICY, 0o755);
  }
  try {
    run("apt-get", ["install", "-y", "--no-install-recommends", ...packages]);
  } finally {
    if (isOurs) rmSync(POLICY);
  }
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    stdio: "inherit",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0)
    console.log(`${command} ${args.join(" ")} ended with ${status ?? "an error"}: what is missing stays absent`);
}
