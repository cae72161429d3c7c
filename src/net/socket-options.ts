/** What all implementations of the socket port do alike: how much waits, when silent peers are asked, and who hears what at first. */
import type { SocketHandler } from "./ports.ts";

/** Unsent octets at which a writer is asked to wait: two reads' worth keep a fast peer busy. */
export const HIGH_WATER_BYTES = 128 * 1024;

/** `highWaterMark` reaches the stream's constructor; the type definitions do not know it. */
export const socketOptions = { allowHalfOpen: true, highWaterMark: HIGH_WATER_BYTES };

/**
 * How long a connection is silent before the system asks the peer whether it is still there, then each second, ten times: so
 * one whose peer vanished without a word ends, also where no timeout of ours runs. Translators on the way forget connections
 * after 4 to 6 minutes of silence; two minutes leave room for a lost packet.
 */
export const KEEP_ALIVE_IDLE_MS = 120_000;

export const keepAliveOptions = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_IDLE_MS };

/** Takes what no handler has asked for yet. */
export const nobody: SocketHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
