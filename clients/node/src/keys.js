// The keys of an issuer, fetched when they are first needed and renewed in the background.

import { parseKeys } from './jwks.js';
import { InvalidToken, KeysUnavailable } from './refusal.js';
import { request } from './request.js';

// All times are milliseconds.

/**
 * The least time between two requests for keys that unknown ids cause, and after a failed request, since any client can
 * send tokens with made-up ids.
 */
const COOL_DOWN = 10_000;
/** The same while there are no keys at all and every request is refused. */
const COOL_DOWN_WITHOUT = 1_000;
/**
 * The least time between two requests for keys that statements cause. Statements are signed, or come from a server that
 * could as well answer nothing, so that they may cause more than tokens with made-up ids.
 */
const STATEMENT_COOL_DOWN = 1_000;
/** How long keys count as fresh that came without Cache-Control; what it says is kept between the two others. */
const [FRESH, MIN_FRESH, MAX_FRESH] = [5 * 60_000, COOL_DOWN, 24 * 3_600_000];
/** How long keys that cannot be renewed are used, so that requests are served while the issuer is down. */
const MAX_USE = 24 * 3_600_000;
/** How long a request waits for the renewal of keys that have not been used for long: one may have been withdrawn since. */
const IDLE_WAIT = 1_000;
const TIMEOUT = 5_000;
const MAX_BODY = 1 << 20;

/**
 * @typedef {object} KeySet the keys of one answer
 * @property {ReadonlyMap<string, import('./jwks.js').PublicKey>} keys
 * @property {string | null} etag
 * @property {number} got when it was asked for
 * @property {number} until how long it counts as fresh
 */

/** Adds up to a quarter at random, so that processes that were started together do not ask together. @param {number} time */
export const spread = (time) => time + Math.random() * (time / 4);

export class KeySource {
  /** @type {KeySet | undefined} */
  #set;
  /** The request under way. It never rejects: it resolves to undefined, or to why it failed. @type {Promise<unknown> | undefined} */
  #fetching;
  /** Before this time no unknown id causes a request. */
  #unknown = -Infinity;
  /** Before this time nothing does, after a failure. */
  #retry = -Infinity;
  /** Before this time no statement causes a request. */
  #statements = -Infinity;
  /** What is known of the listed keys that are missing here: their ids, when to ask for them, and the pause after that. */
  #expected = { missing: '', next: 0, pause: 0 };
  /** Why the last request failed, undefined if it did not. @type {unknown} */
  #failed;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {import('./request.js').Fetch} options.fetch
   * @param {import('./options.js').Logger} options.logger
   * @param {() => number} [options.clock] milliseconds, of which only differences count; tests replace it
   */
  constructor({ url, fetch, logger, clock = () => performance.now() }) {
    this.url = url;
    this.fetch = fetch;
    this.logger = logger;
    this.clock = clock;
  }

  /**
   * Resolves to the key of an id. Rejects with InvalidToken where the issuer has no such key, and with KeysUnavailable
   * where the keys cannot be fetched.
   *
   * @param {string} kid
   * @returns {Promise<import('./jwks.js').PublicKey>}
   */
  async get(kid) {
    const { key, wait } = this.#look(kid);
    if (wait === undefined) return key;
    if (key !== undefined) {
      await withinTime(wait, IDLE_WAIT);
      return this.#usable()?.keys.get(kid) ?? notFound();
    }
    const failed = await wait;
    return this.#usable()?.keys.get(kid) ?? (failed === undefined ? notFound() : notFetched(failed));
  }

  /**
   * The key, or the request that has to be waited for; with a key, not for long.
   *
   * @param {string} kid
   * @returns {{ key: import('./jwks.js').PublicKey, wait?: undefined } | { key?: import('./jwks.js').PublicKey, wait: Promise<unknown> }}
   */
  #look(kid) {
    const now = this.clock();
    const set = this.#usable();
    const key = set?.keys.get(kid);
    if (set !== undefined && key !== undefined) {
      const life = set.until - set.got;
      if (now < set.got + (life * 3) / 4) return { key };
      // While the keys are usable, no request waits for an issuer that does not answer or failed the last time.
      const wait = this.#begin(now);
      const idle = now >= set.until + life;
      return wait !== undefined && idle && this.#failed === undefined ? { key, wait } : { key };
    }
    let wait;
    if (set === undefined || now >= set.until) wait = this.#begin(now);
    else if (this.#fetching !== undefined) wait = this.#fetching;
    else if (now >= this.#unknown) {
      wait = this.#begin(now);
      if (wait !== undefined) this.#unknown = now + spread(COOL_DOWN);
    }
    if (wait !== undefined) return { wait };
    return this.#failed === undefined ? notFound() : notFetched(this.#failed);
  }

  /**
   * Has the keys fetched in the background if one of a list is missing: at once, since its first token may come at any
   * moment, and then less and less often. A replica that is asked may not have it yet, and a key that cannot be used here
   * stays missing. It is called with every answer of the feed.
   *
   * @param {readonly string[]} kids
   */
  expect(kids) {
    const [now, keys] = [this.clock(), this.#usable()?.keys];
    const missing = kids.filter((kid) => !keys?.has(kid)).sort().join(' ');
    if (missing !== this.#expected.missing) this.#expected = { missing, next: this.#statements, pause: STATEMENT_COOL_DOWN };
    const { next, pause } = this.#expected;
    if (missing === '' || this.#fetching !== undefined || now < next || this.#begin(now, true) === undefined) return;
    this.#statements = now + STATEMENT_COOL_DOWN;
    this.#expected = { missing, next: now + spread(pause), pause: Math.min(2 * pause, FRESH) };
  }

  /**
   * Resolves to the key of an id out of keys that were asked for after a time. Rejects with InvalidToken where the issuer
   * has no such key, or was asked too short a time ago, and with KeysUnavailable where the keys cannot be fetched.
   *
   * @param {string} kid
   * @param {number} since
   * @returns {Promise<import('./jwks.js').PublicKey>}
   */
  async getSince(kid, since) {
    // A request under way may have begun too early, and the one after it may have to be waited for.
    for (let tries = 0; tries < 3; tries++) {
      const set = this.#usable();
      if (set !== undefined && set.got > since) return set.keys.get(kid) ?? notFound();
      const now = this.clock();
      if (this.#fetching === undefined) {
        if (now < this.#statements) return notFound();
        if (this.#begin(now, true) !== undefined) this.#statements = now + STATEMENT_COOL_DOWN;
      }
      if (this.#fetching === undefined) return notFetched(this.#failed);
      const failed = await this.#fetching;
      if (failed !== undefined) return notFetched(failed);
    }
    return notFound();
  }

  /** The keys that may be used. */
  #usable() {
    return this.#set !== undefined && this.clock() - this.#set.got <= MAX_USE ? this.#set : undefined;
  }

  /**
   * The request under way, which is begun if there is none; undefined if it is too early for that. With uncached no cache
   * on the way may answer it without the issuer.
   *
   * @param {number} now
   * @param {boolean} [uncached]
   */
  #begin(now, uncached = false) {
    if (this.#fetching === undefined && now >= this.#retry) this.#fetching = this.#fetch(this.#set, now, uncached);
    return this.#fetching;
  }

  /** @param {KeySet | undefined} old @param {number} now @param {boolean} uncached */
  async #fetch(old, now, uncached) {
    try {
      this.#set = await this.#request(old, now, uncached);
      this.#failed = undefined;
    } catch (error) {
      this.#failed = error ?? new Error('unknown');
      const usable = this.#usable() !== undefined;
      this.#retry = this.clock() + spread(usable ? COOL_DOWN : COOL_DOWN_WITHOUT);
      this.logger.warn(`svc-users-authn: the issuer's keys could not be read (${usable ? 'older ones are used' : 'there are none'}): ${reasonOf(error)}`);
    }
    this.#fetching = undefined;
    return this.#failed;
  }

  /**
   * Asks for the keys, or whether they are still the old ones.
   *
   * @param {KeySet | undefined} old
   * @param {number} now
   * @param {boolean} uncached
   * @returns {Promise<KeySet>}
   */
  async #request(old, now, uncached) {
    /** @type {Record<string, string>} */
    const headers = { Accept: 'application/json' };
    if (uncached) headers['Cache-Control'] = 'no-cache'; // RFC 9111 §5.2.1.4
    if (old?.etag) headers['If-None-Match'] = old.etag;
    const answer = await request(this.fetch, this.url, { headers, headTimeout: TIMEOUT, limit: MAX_BODY });
    const until = now + maxAge(answer.headers.get('Cache-Control') ?? '');
    if (answer.status === 304 && old !== undefined) return { ...old, got: now, until };
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    return { keys: await parseKeys(answer.body), etag: answer.headers.get('ETag'), got: now, until };
  }
}

/** How long an answer counts as fresh, by its Cache-Control (RFC 9111 §5.2.2). @param {string} header */
export function maxAge(header) {
  let age = FRESH;
  for (const part of header.toLowerCase().split(',')) {
    const [name, value = ''] = part.trim().split('=', 2);
    if (name === 'no-store' || name === 'no-cache') return MIN_FRESH;
    const seconds = value.replace(/^"(.*)"$/, '$1');
    if (name === 'max-age' && /^\d{1,10}$/.test(seconds)) age = Number(seconds) * 1000;
  }
  return Math.min(Math.max(age, MIN_FRESH), MAX_FRESH);
}

/** @returns {never} */
function notFound() {
  throw new InvalidToken('kid names no key of the issuer');
}

/** @param {unknown} cause @returns {never} */
function notFetched(cause) {
  throw new KeysUnavailable(`the issuer's keys cannot be fetched: ${reasonOf(cause)}`, { cause });
}

/** The message of an error and of its cause: fetch keeps the reason of a failure there. @param {unknown} error @returns {string} */
export function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/** Waits for a promise that never rejects, but no longer than a time. @param {Promise<unknown>} promise @param {number} time */
async function withinTime(promise, time) {
  let timer;
  await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, time)))]);
  clearTimeout(timer);
}
