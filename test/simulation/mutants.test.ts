/** Each deliberately broken proxy is caught (catching.ts). */
import { areCaught } from "./catching.ts";
import { mutants } from "./mutants.ts";

areCaught(mutants, 1);
