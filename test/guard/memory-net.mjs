/**
 * The network ports in memory: a gateway runs on them without system calls, and what it asks of them is counted.
 *
 * They allocate nothing per exchange themselves, so that what is allocated is the gateway's own. Deliberately absent:
 * faults, backpressure and segmentation; the simulation has them.
 */

/** The gateway's end of a connection. */
export class MemorySocket {
  handler = undefined;
  remoteAddress = "127.0.0.1";
  localPort = 8080;
  unsentBytes = 0;
  writes = 0;
  /** Characters and octets written. */
  written = 0;
  hasEnded = false;

  constructor(remotePort) {
    this.remotePort = remotePort;
  }

  write(data) {
    this.writes++;
    this.written += data.length;
    return true;
  }

  tookSome() {
    return false;
  }

  /** Corked writes leave as one. */
  cork() {
    this.writesBefore = this.writes;
  }

  uncork() {
    this.writes = this.writesBefore + 1;
  }

  end() {
    this.hasEnded = true;
  }

  reset() {
    this.hasEnded = true;
  }

  destroy() {
    this.hasEnded = true;
  }

  pause() {}
  resume() {}
}

export class MemoryDialer {
  /** What was dialed, in order. */
  sockets = [];
  #asked = [];

  dial(_address, handler) {
    this.#asked.push(handler);
    return () => {};
  }

  /** Opens what was asked for: a port's handlers are never called from within a call to it. */
  connect() {
    for (const handler of this.#asked.splice(0)) {
      const socket = new MemorySocket(1024 + this.sockets.length);
      this.sockets.push(socket);
      handler.onConnected(socket);
    }
  }
}

/** Time that moves by hand. */
export class CountedClock {
  time = 0;
  timers = 0;
  #due = [];

  now() {
    return this.time;
  }

  date() {
    return 784_111_777_000;
  }

  after(delay_ms, callback) {
    this.timers++;
    const timer = { at: this.time + delay_ms, callback };
    this.#due.push(timer);
    return () => {
      this.#due = this.#due.filter((it) => it !== timer);
    };
  }

  advance(ms) {
    this.time += ms;
    if (this.#due.length === 0 || this.#due[0].at > this.time) return;
    const due = this.#due.filter(({ at }) => at <= this.time);
    this.#due = this.#due.filter(({ at }) => at > this.time);
    for (const { callback } of due) callback();
  }
}
