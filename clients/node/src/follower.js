// Following the change feed: the pace of the requests, the lease, and the report of a loss.

import { Lease, readClocks } from './facts.js';
import { Failure, Feed } from './feed.js';
import { reasonOf, spread } from './keys.js';

// All times are milliseconds.

/** How long the first snapshot may take before the feed is reported as lost. */
const FIRST_STATE = 5_000;
/** The least time between two requests, so that many changes arrive in batches. */
const MIN_GAP = 25;
/** The longest pause after a failure that lasts, such as a missing permission. */
const SLOWEST = 10_000;
/** The longest Retry-After of the service that is honoured. */
const LONGEST = 30_000;

/** Follows the change feed of one Verifier. */
export class Follower {
  /** The facts and how long they are valid; undefined until the first whole snapshot. @type {Lease | undefined} */
  lease;
  /** @type {'lost' | 'found' | undefined} what the hooks were told last */
  #told;
  #failures = 0;
  #reason = '';
  /** @type {NodeJS.Timeout | undefined} */
  #watch;
  /** @type {AbortController | undefined} */
  #abort;
  /** @type {Promise<void> | undefined} */
  #running;

  /**
   * @param {object} context
   * @param {import('./options.js').CompleteOptions} context.options
   * @param {import('./options.js').CompleteChanges} context.changes
   * @param {import('./keys.js').KeySource} context.keys
   * @param {(token: string) => Promise<import('./claims.js').Claims>} context.verifyToken
   */
  constructor(context) {
    this.context = context;
    this.changes = context.changes;
    this.logger = context.options.logger;
  }

  /** Whether no facts are valid now. */
  get lost() {
    return !this.lease?.fresh(readClocks());
  }

  start() {
    if (this.#running !== undefined) throw new Error('svc-users-authn: the verifier follows the change feed already');
    this.#abort = new AbortController();
    this.#running = this.#run(this.#abort.signal);
  }

  async stop() {
    this.#abort?.abort(new Error('the verifier was stopped'));
    await this.#running;
    this.#running = undefined;
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    const feed = new Feed({ ...this.context, lastKeys: () => this.lease?.facts.keys, signal });
    this.#failures = 0;
    this.#watchUntil(performance.now() + Math.max(this.changes.staleness, FIRST_STATE));
    while (!signal.aborted) {
      const began = performance.now();
      let pause;
      try {
        const inTime = this.lease !== undefined && began - this.lease.asked.steady < this.changes.staleness / 2;
        const asked = await feed.ask(this.#failures === 0 && inTime);
        if (asked !== undefined) this.#renew(feed, asked);
        pause = asked === undefined ? 0 : Math.max(MIN_GAP - (performance.now() - began), feed.early);
      } catch (error) {
        pause = signal.aborted ? 0 : this.#failed(error);
      }
      await sleep(pause, signal);
    }
    clearTimeout(this.#watch);
  }

  /** Makes the facts that were read valid for staleness from the time of the request. @param {Feed} feed @param {import('./facts.js').Reading} asked */
  #renew(feed, asked) {
    if (feed.facts === undefined) return;
    feed.facts.share();
    this.#failures = 0;
    this.#reason = '';
    this.lease = new Lease(feed.facts, asked, this.changes.staleness);
    this.#watchUntil(asked.steady + this.changes.staleness);
    if (feed.facts.keys !== undefined) this.context.keys.expect(feed.facts.keys.ids);
    this.#tell('found');
  }

  /**
   * Records a failure and returns how long to wait. The first failure is retried at once, since a connection may have been
   * cut or a token may have expired.
   *
   * @param {unknown} error
   */
  #failed(error) {
    this.#failures++;
    this.#reason = reasonOf(error);
    this.logger.debug(`svc-users-authn: request for changes failed, ${this.#failures} times now: ${this.#reason}`);
    const failure = error instanceof Failure ? error : new Failure('');
    const [base, limit] = failure.stubborn ? [1_000, SLOWEST] : [MIN_GAP, this.changes.staleness];
    const pause = this.#failures === 1 ? MIN_GAP : spread(Math.min(base * 2 ** Math.min(this.#failures - 2, 16), limit));
    return Math.max(pause, Math.min(failure.after, LONGEST));
  }

  /** Has the loss reported if the lease has ended at that time. @param {number} time */
  #watchUntil(time) {
    clearTimeout(this.#watch);
    const end = () => {
      // A timer counts from the beginning of the event loop's turn, so that it may be early.
      const left = time - performance.now();
      if (left > 0) this.#watchUntil(time);
      else this.#tell('lost');
    };
    this.#watch = setTimeout(end, Math.max(time - performance.now(), 0) + 1);
    this.#watch.unref();
  }

  /** Logs that the feed was lost or found and calls the hook, unless that was told last. @param {'lost' | 'found'} state */
  #tell(state) {
    if (this.#told === state || (state === 'lost') !== this.lost) return;
    this.#told = state;
    const reason = this.#reason || 'no answer in time';
    try {
      if (state === 'lost') {
        const then = this.changes.whenLost === 'refuse' ? 'requests are refused' : 'tokens are relied on alone';
        this.logger.warn(`svc-users-authn: change feed lost, ${then}: ${reason}`);
        this.changes.onLost?.(reason);
      } else {
        this.logger.info('svc-users-authn: change feed up to date');
        this.changes.onFound?.();
      }
    } catch (error) {
      this.logger.warn(`svc-users-authn: a hook of changes failed: ${reasonOf(error)}`);
    }
  }
}

/** @param {number} time @param {AbortSignal} signal */
function sleep(time, signal) {
  return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
    if (time <= 0 || signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, time);
    signal.addEventListener('abort', end, { once: true });
  });
}
