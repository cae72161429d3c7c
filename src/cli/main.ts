#!/usr/bin/env node
/** Where the process begins: it hears signals first, and everything else is loaded behind that. */
import { hearEarly } from "./early-signals.ts";

hearEarly(process);
await import("./begin.ts");
