/**
 * The story of HTTP connections in sixteen statements: what persistent connections are for, how they were got wrong, and
 * how they are closed. Each says which rows of the checklist carry it.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly rows: readonly number[];
}

export const story: readonly Statement[] = [
  { name: "S1", text: "At first every request had a connection of its own, closed after the response.", rows: [58] },
  { name: "S2", text: "That is dear: every request pays for setting up a connection.", rows: [57] },
  { name: "S3", text: "Keep-Alive uses an open connection again.", rows: [57, 58] },
  { name: "S4", text: "Within the timeout the next request travels on the same socket.", rows: [57, 75] },
  {
    name: "S5",
    text: "Client and server agree with `Connection: keep-alive`; no answer is no agreement.",
    rows: [58, 98, 100],
  },
  {
    name: "S6",
    text: "`Keep-Alive: timeout, max` are the terms: so long idle, so many requests.",
    rows: [58, 75, 100],
  },
  { name: "S7", text: "A timeout is needed because those who idle keep others out.", rows: [75, 77] },
  { name: "S8", text: "With many users those who idle give way to those who come.", rows: [77] },
  {
    name: "S9",
    text: "`Connection` and what it nominates concern one hop and are removed before a message goes on.",
    rows: [45, 46],
  },
  { name: "S10", text: "An origin must not take a client's keep-alive for the proxy's.", rows: [62, 98] },
  { name: "S11", text: "A client must not take an origin's keep-alive for the proxy's.", rows: [46, 98, 100] },
  { name: "S12", text: "Nobody waits for a close that never comes: the hang of the dumb proxy.", rows: [26, 58, 99] },
  { name: "S13", text: "HTTP/1.1 persists by default, without keep-alive; close ends it.", rows: [57, 58, 66] },
  { name: "S14", text: "Persisting is no promise for ever.", rows: [71, 76, 79] },
  { name: "S15", text: "Either side may close at any time.", rows: [35, 71, 76] },
  { name: "S16", text: "A close loses nothing that is in flight.", rows: [84, 85, 96] },
];
