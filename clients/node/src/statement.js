// Statements: signed lists of the changes since a cursor.

import { LEEWAY, checkParties } from './claims.js';
import { Malformed, Reader, parseObject } from './json.js';
import { MAX_KID, STATEMENT_TYPE, openJWS } from './jws.js';

/**
 * The largest age in seconds of the newest statement at which the facts are valid. The service signs a new one every 10
 * seconds even without changes, so that a proxy cannot replay 304 and withhold changes; the rest is leeway.
 */
export const MAX_AGE = 60;

/** The statement does not continue what was told before. */
export class BrokenChain extends Error {}

/**
 * @typedef {object} Statement
 * @property {number} issued when it was signed, in seconds since 1970
 * @property {string} cursor
 * @property {boolean} reset
 * @property {boolean} more
 * @property {string} signer id of the key that has signed it
 * @property {KeyList | undefined} keys undefined where it tells none
 * @property {{ id: string, name: string | null }[]} permissions without a name the permission does not exist
 * @property {ToldRole[]} roles
 * @property {Map<string, Account>} accounts
 * @property {Map<string, number>} sessions those that have ended, and until when a token of one may be valid
 */

/**
 * The keys whose tokens svc-users accepts. Without a list it is a service from before there were lists, which accepts the
 * tokens of all its published keys.
 *
 * @typedef {object} KeyList
 * @property {readonly string[]} ids
 * @property {number} heard when, by the clock of the KeySource
 */

/**
 * @typedef {object} ToldRole a role without what it inherits
 * @property {string} id
 * @property {string | null} name without a name the role does not exist
 * @property {string | null} parent
 * @property {boolean} all it holds every permission that there is
 * @property {boolean} continued permissions add to those told before
 * @property {string[]} permissions ids
 */

/**
 * @typedef {object} Account an account whose older tokens may be out of date
 * @property {bigint | null} version of its valid tokens; null: none is valid
 * @property {string | null} role
 * @property {number} signed when this statement was signed
 */

/**
 * Verifies and reads a statement that answers a request with the cursor asked, at now in seconds since 1970.
 *
 * @param {string} compact
 * @param {object} context
 * @param {string} context.asked
 * @param {number} context.now
 * @param {() => number} context.clock of the KeySource
 * @param {{ issuer: string, audience: string }} context.parties
 * @param {(kid: string) => Promise<import('./jwks.js').PublicKey>} context.keyOf
 * @returns {Promise<Statement>}
 */
export async function readStatement(compact, { asked, now, clock, parties, keyOf }) {
  const { kid, payload } = await openJWS(compact, [STATEMENT_TYPE], keyOf);
  // The list is heard now and not before: the keys may have been fetched to verify this very statement.
  const statement = parseStatement(payload, asked, { signer: kid, heard: clock(), parties });
  if (!(now - statement.issued <= MAX_AGE)) throw new Error('the newest statement is older than a minute; do the clocks agree?');
  if (!(statement.issued - now <= LEEWAY)) throw new Error('the statement is signed in the future; do the clocks agree?');
  return statement;
}

/**
 * @param {Uint8Array} payload whose signature is verified
 * @param {string} asked
 * @param {object} context
 * @param {string} context.signer
 * @param {number} context.heard
 * @param {{ issuer: string, audience: string }} context.parties
 * @returns {Statement}
 */
export function parseStatement(payload, asked, { signer, heard, parties }) {
  const members = new Reader(parseObject(payload));
  checkParties(members, parties);
  const issued = members.time('iat');
  const statement = {
    issued,
    cursor: members.text('cursor'),
    reset: members.flag('reset'),
    more: members.flag('more'),
    signer,
    keys: members.has('keys') ? readKeys(members, signer, heard) : undefined,
    permissions: readPermissions(members),
    roles: readRoles(members),
    accounts: readAccounts(members, issued),
    sessions: readSessions(members),
  };
  if (statement.cursor === '') throw new Malformed('cursor is empty');
  if (members.text('after') !== asked) throw new BrokenChain('the statement does not continue what was told before');
  return statement;
}

/**
 * A key that is not in the list itself cannot say what is.
 *
 * @param {Reader} members
 * @param {string} signer
 * @param {number} heard
 * @returns {KeyList}
 */
function readKeys(members, signer, heard) {
  const ids = members.texts('keys');
  const wellFormed = ids.every((kid) => kid !== '' && Buffer.byteLength(kid) <= MAX_KID);
  if (!wellFormed || new Set(ids).size !== ids.length || !ids.includes(signer)) throw new Malformed('keys is no list of key ids with that of the statement');
  return { ids, heard };
}

/** @param {Reader} members */
function readPermissions(members) {
  const once = new Once('permissions');
  return members.objects('permissions').map((one) => ({ id: once.add(one.id('id')), name: one.optionalText('name') }));
}

/** @param {Reader} members @returns {ToldRole[]} */
function readRoles(members) {
  const once = new Once('roles');
  return members.objects('roles').map((one) => ({
    id: once.add(one.id('id')),
    name: one.optionalText('name'),
    parent: one.optionalId('parent'),
    all: one.flag('all'),
    continued: one.flag('continued'),
    permissions: one.ids('permissions'),
  }));
}

/** @param {Reader} members @param {number} signed */
function readAccounts(members, signed) {
  const once = new Once('accounts');
  /** @type {Map<string, Account>} */
  const accounts = new Map();
  for (const one of members.objects('accounts')) {
    const version = one.members.get('ver') === null ? null : one.integer('ver');
    if (version !== null && version < 1n) throw new Malformed('ver is below 1');
    accounts.set(once.add(one.id('id')), { version, role: one.optionalId('role'), signed });
  }
  return accounts;
}

/** A service from before there were sessions tells of none. @param {Reader} members */
function readSessions(members) {
  /** @type {Map<string, number>} */
  const sessions = new Map();
  if (!members.has('sessions')) return sessions;
  const once = new Once('sessions');
  for (const one of members.objects('sessions')) sessions.set(once.add(one.id('sid')), one.time('until'));
  return sessions;
}

/** Refuses an id that a list names twice: one of the two would be lost. */
class Once {
  #seen = new Set();

  /** @param {string} list */
  constructor(list) {
    this.list = list;
  }

  /** @param {string} id */
  add(id) {
    if (this.#seen.has(id)) throw new Malformed(`${this.list} names an id twice`);
    this.#seen.add(id);
    return id;
  }
}
