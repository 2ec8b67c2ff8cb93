// One request to the change feed after the other.

import { Facts, accepts, readClocks } from './facts.js';
import { Malformed, Reader, parseObject } from './json.js';
import { reasonOf } from './keys.js';
import { request } from './request.js';
import { BadFacts } from './rights.js';
import { BrokenChain, MAX_AGE, readStatement } from './statement.js';

/** Four times the largest answer of the service. */
const MAX_BODY = 1 << 20;
/** The longest that the service keeps a request waiting, in milliseconds, as all times below. */
const MAX_WAIT = 10_000;
/** For the requests that bring the first whole state, each, and for a login. */
const BEGINNING_TIMEOUT = 10_000;
/** For an answer that has begun to arrive. */
const BODY_TIMEOUT = 30_000;
/** When to try again to get a token while the last one still counts. */
const RENEW_AGAIN = 60_000;
/** When to renew a token that cannot be read here; should it end before, that will be answered 401. */
const RENEW_UNREAD = 24 * 3_600_000;

/** An error after which an immediate retry does not help. */
export class Failure extends Error {
  /**
   * @param {string} message
   * @param {object} [options]
   * @param {boolean} [options.stubborn] it usually lasts until an operator acts
   * @param {number} [options.after] how long the service asks to wait, in milliseconds
   */
  constructor(message, { stubborn = false, after = 0 } = {}) {
    super(message);
    this.stubborn = stubborn;
    this.after = after;
  }
}

/** Reads the change feed of one run of a Verifier, statement by statement. */
export class Feed {
  /** As far as has been read; undefined before the first statement. @type {Facts | undefined} */
  facts;
  /** Whether facts is all there is, and not the beginning of it. */
  whole = false;
  /** How much sooner than requested the service answered that nothing is new: too many clients wait. */
  early = 0;
  #token = '';
  #renewAt = 0;

  /**
   * @param {object} context
   * @param {import('./options.js').CompleteOptions} context.options
   * @param {import('./options.js').CompleteChanges} context.changes
   * @param {import('./keys.js').KeySource} context.keys
   * @param {(token: string) => Promise<import('./claims.js').Claims>} context.verifyToken without the change feed
   * @param {() => import('./statement.js').KeyList | undefined} context.lastKeys the list of the facts that are valid
   * @param {AbortSignal} context.signal
   */
  constructor({ options, changes, keys, verifyToken, lastKeys, signal }) {
    this.options = options;
    this.changes = changes;
    this.keys = keys;
    this.verifyToken = verifyToken;
    this.lastKeys = lastKeys;
    this.signal = signal;
  }

  /**
   * Sends one request and applies its answer. Resolves to the time of the request if the facts are current as of it, and
   * to undefined if there is more to read; rejects if the answer does not count.
   *
   * @param {boolean} mayWait whether there is time to wait for something new
   */
  async ask(mayWait) {
    await this.#credentials();
    const { staleness, url } = this.changes;
    const cursor = this.facts?.cursor ?? '';
    // With a third of the time spent waiting, one answer may fail and the next still comes in time.
    const wait = this.whole && mayWait ? Math.floor(Math.min(staleness * 0.3, MAX_WAIT)) : 0;
    const at = new URL(url);
    if (cursor !== '') at.searchParams.set('after', cursor);
    at.searchParams.set('wait_ms', String(wait));
    this.early = 0;
    const asked = readClocks();
    const answer = await request(this.options.fetch, at.href, {
      headers: { Authorization: `Bearer ${this.#token}`, Accept: 'application/json' },
      headTimeout: this.whole ? staleness * 0.8 : BEGINNING_TIMEOUT,
      bodyTimeout: BODY_TIMEOUT,
      limit: MAX_BODY,
      signal: this.signal,
    });
    if (answer.status === 304) {
      this.early = wait - (performance.now() - asked.steady);
      this.#nothingNew();
      return asked;
    }
    if (answer.status !== 200) this.#refused(answer);
    await this.#take(answer.body, cursor);
    return this.whole ? asked : undefined;
  }

  /** Makes the next request ask for a snapshot. The current facts stay valid until their lease ends. */
  forget() {
    this.facts = undefined;
    this.whole = false;
  }

  /** Applies a 304. It is not signed, so it counts only while the last statement is younger than MAX_AGE. */
  #nothingNew() {
    if (!this.whole || this.facts === undefined) throw new Error('answered 304 to a request without a cursor');
    if (!(this.options.now() / 1000 - this.facts.signed <= MAX_AGE)) {
      this.forget();
      throw new Error('the newest statement is older than a minute; do the clocks agree?');
    }
  }

  /** Throws why an answer is no statement, and drops a token that is no longer valid. @param {import('./request.js').Answer} answer @returns {never} */
  #refused({ status, headers }) {
    const message = `answered ${status}`;
    if (status === 401) this.#token = '';
    if (status === 429 && this.facts !== undefined) {
      // This account sent too many cursors that the service does not know. A request without a cursor is answered.
      this.forget();
      throw new Failure(message);
    }
    const seconds = headers.get('Retry-After') ?? '';
    throw new Failure(message, { stubborn: [401, 403, 404].includes(status), after: /^\d{1,5}$/.test(seconds) ? Number(seconds) * 1000 : 0 });
  }

  /** Reads an answer; whole is true once all parts of a snapshot are read. @param {Buffer} body @param {string} cursor */
  async #take(body, cursor) {
    const data = parseObject(body).get('data');
    if (!(data instanceof Map)) throw new Malformed('data is missing or no object');
    const statement = await this.#statement(new Reader(data).text('statement'), cursor);
    try {
      this.facts = Facts.after(this.facts, statement, this.changes);
    } catch (error) {
      this.forget();
      throw error instanceof BadFacts ? new Failure(error.message, { stubborn: true }) : error;
    }
    this.whole = !statement.more;
  }

  /**
   * Verifies and reads a statement. A key that is not in the last list may have been revoked, or be the new one of a service
   * that has it in its settings and was started again. A JWK set that was asked for after the list says which.
   *
   * @param {string} compact
   * @param {string} asked
   */
  async #statement(compact, asked) {
    const last = this.facts === undefined ? this.lastKeys() : this.facts.keys;
    try {
      return await readStatement(compact, {
        asked,
        now: this.options.now() / 1000,
        clock: this.keys.clock,
        parties: this.options,
        keyOf: (kid) => (last === undefined || accepts(last, kid) ? this.keys.get(kid) : this.keys.getSince(kid, last.heard)),
      });
    } catch (error) {
      if (error instanceof BrokenChain) this.forget();
      throw new Error(`the statement does not count: ${reasonOf(error)}`);
    }
  }

  /** Gets a token if there is none, and a new one before the token expires. */
  async #credentials() {
    if (this.#token !== '' && performance.now() < this.#renewAt) return;
    // A token that still counts is renewed in a short time, so that following does not wait for it.
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(this.#token === '' ? BEGINNING_TIMEOUT : this.changes.staleness / 2)]);
    let token;
    try {
      token = await withSignal(async () => this.changes.token(signal), signal);
      if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw new Error('it is no text, or an empty one');
    } catch (error) {
      if (this.#token === '') throw new Failure(`no token to ask for changes with: ${reasonOf(error)}`, { stubborn: true });
      this.#renewAt = performance.now() + RENEW_AGAIN;
      return;
    }
    this.#token = token;
    let life = RENEW_UNREAD;
    try {
      life = ((await this.verifyToken(token)).expires * 1000 - this.options.now()) * 0.8;
    } catch {
      // It is for the service to judge.
    }
    this.#renewAt = performance.now() + life;
  }
}

/**
 * What work resolves to, unless the signal is aborted before.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
function withSignal(work, signal) {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    work().then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}
