/** The doctor and a server in one simulated network under virtual time: two minutes of waiting take no time at all. */
import { examineIn } from "../../src/doctor/examine.ts";
import type { Report } from "../../src/doctor/report/report.ts";
import type { ExamineOptions } from "../../src/doctor/settings.ts";
import type { Clock, Socket } from "../../src/net/ports.ts";
import { Mannered, type Manners } from "./mannered-server.ts";
import { virtually } from "./virtual-network.ts";

/** Examines a server that does with each connection what `serve` says. */
export async function examineVirtually(
  serve: (socket: Socket, clock: Clock) => void,
  options: ExamineOptions = {},
  path = "/",
): Promise<Report> {
  return await virtually((network) => {
    const { clock, dialer } = network;
    const { address } = network.listen((socket) => serve(socket, clock));
    return examineIn({ ports: { clock, dialer } }, `http://${address.host}:${address.port}${path}`, options);
  });
}

/** Examines a server with these manners, healthy but for them. */
export async function examineMannered(manners: Partial<Manners>, options: ExamineOptions = {}): Promise<Report> {
  let server: Mannered | undefined;
  return await examineVirtually((socket, clock) => {
    server ??= new Mannered(clock, manners);
    server.accept(socket);
  }, options);
}
