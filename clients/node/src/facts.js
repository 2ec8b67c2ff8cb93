// The state of the change feed up to one cursor, and how long it is valid.

import { IMPERSONATE, actorsOf } from './actor.js';
import { Pieces } from './pieces.js';
import { BadFacts, Rights } from './rights.js';

/** The least time in seconds between two removals of ended sessions, each of which looks at all of them. */
const SWEEP_INTERVAL = 60;

/**
 * The facts up to one cursor. They do not change: the next statement makes new facts, which share the unchanged parts.
 */
export class Facts {
  cursor = '';
  /** When the newest statement was signed, in seconds since 1970 by the service's clock. */
  signed = 0;
  rights = new Rights();
  /** @type {Pieces<import('./statement.js').Account>} */
  accounts = new Pieces();
  /** Sessions and API keys that have ended, and until when a token of one may be valid. @type {Pieces<number>} */
  ended = new Pieces();
  /** The last list of keys; undefined where the service tells none. @type {import('./statement.js').KeyList | undefined} */
  keys;
  #swept = 0;

  /**
   * The facts after a statement; before is undefined for the first one. Throws BadFacts.
   *
   * @param {Facts | undefined} before
   * @param {import('./statement.js').Statement} statement
   * @param {{ maxAccounts: number, maxRoles: number, maxPermissions: number, maxAssignments: number }} limits
   */
  static after(before, statement, limits) {
    const next = new Facts();
    if (!statement.reset) {
      if (before === undefined) throw new BadFacts('the statement continues a snapshot that was not received');
      next.rights = before.rights;
      next.accounts = new Pieces(before.accounts);
      next.ended = new Pieces(before.ended);
      next.keys = before.keys;
      next.#swept = before.#swept;
    }
    next.cursor = statement.cursor;
    next.signed = statement.issued;
    // Without a list, by a key that is not in the last one: the service is an older one by now.
    if (statement.keys !== undefined || !accepts(next.keys, statement.signer)) next.keys = statement.keys;
    if (statement.permissions.length + statement.roles.length > 0) next.rights = next.rights.after(statement, limits);
    for (const [id, account] of statement.accounts) next.accounts.set(id, account);
    for (const [id, until] of statement.sessions) next.ended.set(id, until);
    next.#sweepEnded();
    if (next.accounts.size + next.ended.size > limits.maxAccounts) {
      throw new BadFacts('more accounts have changed, and sessions ended, than changes.maxAccounts');
    }
    return next;
  }

  /** Removes the sessions of which no token can be valid. */
  #sweepEnded() {
    if (this.signed - this.#swept < SWEEP_INTERVAL) return;
    this.#swept = this.signed;
    const over = [...this.ended.entries()].filter(([, until]) => until < this.signed);
    for (const [id] of over) this.ended.delete(id);
  }

  /** Called before others read the facts. */
  share() {
    this.accounts.share();
    this.ended.share();
    this.rights.share();
  }

  /**
   * The id of the account's current role, null if it has no known role; undefined where the token is not valid. An account
   * that is not in the feed still has the role in its token, since a change would be in the feed. Tokens from before the
   * claim role_id name the role first in the claim roles.
   *
   * @param {import('./claims.js').Claims} claims
   * @returns {string | null | undefined}
   */
  roleOf(claims) {
    if (this.#hasEnded(claims)) return undefined;
    const account = this.accounts.get(claims.account);
    if (account !== undefined && account.version !== claims.version) return undefined;
    const role = account === undefined ? (claims.role ?? this.rights.named(claims.roles[0])) : account.role;
    return this.#actorsMayAct(claims, role) ? role : undefined;
  }

  /** Whether all actors of a token may act for an account with this role. @param {import('./claims.js').Claims} claims @param {string | null} role */
  #actorsMayAct({ act }, role) {
    for (const { account, version, session, impersonator, role: roleThen } of actorsOf(act)) {
      const entry = this.accounts.get(account);
      if (this.#endedSession(session) || (entry !== undefined && entry.version !== version)) return false;
      const own = entry === undefined ? (roleThen ?? null) : entry.role;
      if (impersonator && !this.#mayImpersonate(own, role)) return false;
    }
    return true;
  }

  /**
   * Whether an account with one role may take the place of one with another: it has the permission for that, and all that
   * the other role has.
   *
   * @param {string | null} own
   * @param {string | null} other
   */
  #mayImpersonate(own, other) {
    const held = new Set(this.rights.of(own)?.permissions);
    if (!held.has(IMPERSONATE) || (this.rights.isAll(other) && !this.rights.isAll(own))) return false;
    return (this.rights.of(other)?.permissions ?? []).every((name) => held.has(name));
  }

  /**
   * Whether a token is invalid even if the facts are out of date: versions only ever rise, and a session or an API key that
   * has ended does not come back. The same is so of its actors.
   *
   * @param {import('./claims.js').Claims} claims
   */
  deadForGood(claims) {
    if (this.#hasEnded(claims) || this.#isPast(claims, claims.issuedAt)) return true;
    for (const actor of actorsOf(claims.act)) {
      if (this.#endedSession(actor.session) || this.#isPast(actor, claims.issuedAt)) return true;
    }
    return false;
  }

  /**
   * Whether a token version of an account is past. A token of a disabled account may be valid if it was issued after the
   * statement, since the account may be enabled again.
   *
   * @param {{ account: string, version: bigint }} bearer
   * @param {number} issuedAt
   */
  #isPast({ account, version }, issuedAt) {
    const entry = this.accounts.get(account);
    if (entry === undefined) return false;
    return entry.version === null ? issuedAt <= entry.signed : version < entry.version;
  }

  /** @param {import('./claims.js').Claims} claims */
  #hasEnded({ session, apiKey }) {
    return this.#endedSession(session) || this.#endedSession(apiKey);
  }

  /** Whether a session or an API key has ended. @param {string | undefined} id */
  #endedSession(id) {
    return id !== undefined && this.ended.has(id);
  }
}

/**
 * Whether tokens of a key are accepted, as far as a list says.
 *
 * @param {import('./statement.js').KeyList | undefined} list
 * @param {string} kid
 */
export const accepts = (list, kid) => list === undefined || list.ids.includes(kid);

/**
 * A time in milliseconds by both clocks: the monotonic clock, which cannot be set, and the wall clock, which goes on while
 * the machine sleeps.
 *
 * @typedef {{ steady: number, wall: number }} Reading
 */

/** @returns {Reading} */
export const readClocks = () => ({ steady: performance.now(), wall: Date.now() });

/** The newest facts and how long they are valid: for staleness from the time asked. */
export class Lease {
  /**
   * @param {Facts} facts
   * @param {Reading} asked when the last request that confirmed them was sent
   * @param {number} staleness
   */
  constructor(facts, asked, staleness) {
    this.facts = facts;
    this.asked = asked;
    this.staleness = staleness;
  }

  /** Whether the facts are valid at now, by both clocks. @param {Reading} now */
  fresh(now) {
    return now.steady - this.asked.steady < this.staleness && now.wall - this.asked.wall < this.staleness;
  }
}
