// The accounts that act for the account of a token (RFC 8693 §4.1).

import { Reader } from './json.js';
import { InvalidToken } from './refusal.js';

/**
 * A claim act.
 *
 * @typedef {object} ActClaim
 * @property {string} account
 * @property {bigint} version claim ver of the actor's own token
 * @property {string | undefined} session claim sid of that token
 * @property {boolean} impersonator whether it took the place of the token's account; else it is a service that was called
 * @property {string | undefined} role of an impersonator, when the token was issued
 * @property {ActClaim | undefined} prior the actor before it
 */

/** How many actors a token has at most. */
const MAX_ACTORS = 4;

/** The permission that an impersonator must have now. */
export const IMPERSONATE = 'accounts:impersonate';

/**
 * Reads the member act of an object, and those in it. Throws Malformed or InvalidToken.
 *
 * @param {Reader} holder
 * @param {number} [depth]
 * @returns {ActClaim | undefined}
 */
export function readActor(holder, depth = 0) {
  const act = holder.members.get('act');
  if (act === undefined) return undefined;
  if (!(act instanceof Map) || depth === MAX_ACTORS) throw new InvalidToken(WRONG);
  const members = new Reader(act);
  const actor = {
    account: members.id('sub'),
    version: members.integer('ver'),
    session: members.has('sid') ? members.id('sid') : undefined,
    impersonator: members.flag('impersonator'),
    role: members.has('role_id') ? members.id('role_id') : undefined,
    prior: readActor(members, depth + 1),
  };
  if (actor.version < 1n || actor.impersonator !== (actor.role !== undefined)) throw new InvalidToken(WRONG);
  return actor;
}

const WRONG = 'act is not that of an actor, or there are too many';

/**
 * All actors of a token, the latest first.
 *
 * @param {ActClaim | undefined} actor
 * @returns {Generator<ActClaim>}
 */
export function* actorsOf(actor) {
  for (let one = actor; one !== undefined; one = one.prior) yield one;
}
