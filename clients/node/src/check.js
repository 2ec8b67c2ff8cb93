// The access check of svc-users: what an account may do now.

import { Malformed, Reader, parseObject } from './json.js';
import { reasonOf } from './keys.js';
import { invalidToken, permissionsUnknown } from './refusal.js';
import { request } from './request.js';

/** Milliseconds that a request of a client waits for the check. */
const TIMEOUT = 5_000;
/** How many checks run at once; further requests are refused, so that a slow service does not gather them. */
const MAX_AT_ONCE = 256;
/** Enough for a thousand names of the longest kind. */
const MAX_BODY = 1 << 20;
/** The least time between two warnings. */
const WARN_INTERVAL = 10_000;

/** Asks `POST /api/v1/auth/check` with the token of the account itself, which needs no permission. */
export class AccessCheck {
  #running = 0;
  #warned = -Infinity;

  /** @param {import('./options.js').CompleteOptions} options */
  constructor({ check, fetch, logger }) {
    this.url = check;
    this.fetch = fetch;
    this.logger = logger;
  }

  /**
   * Resolves to those of the names that the account may use now. Rejects with a Refusal: 401 if the service refuses the
   * token, 503 if it does not say.
   *
   * @param {string} token
   * @param {string} account id of the token's account
   * @param {readonly string[]} names
   * @returns {Promise<string[]>}
   */
  async allowed(token, account, names) {
    try {
      if (this.url === false) throw new Error('the token had no room for its permissions, and options.check is false');
      if (this.#running >= MAX_AT_ONCE) throw new Error(`${MAX_AT_ONCE} access checks are under way`);
      return await this.#ask(this.url, token, account, names);
    } catch (error) {
      if (error instanceof Refused) throw invalidToken(error);
      this.#warn(reasonOf(error));
      throw permissionsUnknown(error);
    }
  }

  /** @param {string} url @param {string} token @param {string} account @param {readonly string[]} names */
  async #ask(url, token, account, names) {
    this.#running++;
    try {
      const answer = await request(this.fetch, url, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', Accept: 'application/json' },
        body: JSON.stringify({ permissions: names }),
        headTimeout: TIMEOUT,
        limit: MAX_BODY,
      });
      if (answer.status === 401) throw new Refused('svc-users refuses the token');
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
      return readAnswer(answer.body, account, names);
    } finally {
      this.#running--;
    }
  }

  /** @param {string} reason */
  #warn(reason) {
    const now = performance.now();
    if (now - this.#warned < WARN_INTERVAL) return;
    this.#warned = now;
    this.logger.warn(`svc-users-authn: access check failed: ${reason}`);
  }
}

/** The service refuses the token. */
class Refused extends Error {}

/**
 * The names that an answer allows. An answer about another account or other names is none.
 *
 * @param {Uint8Array} body
 * @param {string} account
 * @param {readonly string[]} names
 */
export function readAnswer(body, account, names) {
  const data = parseObject(body).get('data');
  if (!(data instanceof Map)) throw new Malformed('data is missing or no object');
  const members = new Reader(data);
  if (members.id('account_id') !== account) throw new Malformed('account_id is another account');
  if (!members.flag('is_active')) return [];
  const list = members.objects('permissions');
  if (list.length !== names.length || list.some((one, i) => one.text('name') !== names[i])) throw new Malformed('permissions are not those of the request');
  return names.filter((_, i) => list[i]?.flag('allowed'));
}
