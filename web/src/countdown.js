/**
 * Seconds that run down, can be halted, and can be made longer by whoever reads slowly (WCAG 2.2.1).
 */
const TICK = 250;

export class Countdown {
  #left = 0;
  #whole = 0;
  #since = 0;
  #halted = 0;
  #timer = 0;

  /** @param {{onTick: (left: number, whole: number) => void, onEnd: () => void}} listeners in seconds */
  constructor({ onTick, onEnd }) {
    this.onTick = onTick;
    this.onEnd = onEnd;
  }

  /** @param {number} seconds */
  start(seconds) {
    this.stop();
    this.#left = this.#whole = seconds;
    this.#since = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK);
    this.#tick();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#halted = 0;
  }

  /** Halt as long as something is read or typed; each halt is taken back by one `go`. */
  halt() {
    this.#halted++;
  }

  go() {
    this.#halted = Math.max(0, this.#halted - 1);
  }

  #tick() {
    const now = performance.now();
    if (!this.#halted) this.#left -= (now - this.#since) / 1000;
    this.#since = now;
    if (this.#left <= 0) {
      this.stop();
      this.onEnd();
    } else {
      this.onTick(Math.ceil(this.#left), this.#whole);
    }
  }
}
