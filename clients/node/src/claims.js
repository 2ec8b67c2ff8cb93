// The claims of an access token (RFC 7519).

import { Reader, isTexts, parseObject } from './json.js';
import { InvalidToken } from './refusal.js';

/** How far the clock here and the service's may be apart, in seconds; the service itself allows as much. */
export const LEEWAY = 30;

/**
 * @typedef {object} Claims
 * @property {string} account
 * @property {string} tokenId
 * @property {number} issuedAt seconds since 1970, as the two below
 * @property {number} notBefore
 * @property {number} expires
 * @property {bigint} version of the account
 * @property {string} email
 * @property {string | undefined} role id of the own role; absent in tokens from before there was that claim
 * @property {string[]} roles
 * @property {string[]} permissions
 * @property {boolean} permissionsOmitted
 * @property {string | undefined} prefix claim permission_prefix of a token for a declared audience: it has the permissions
 *   with it and no other
 * @property {string | undefined} session absent in tokens without a session
 */

/**
 * Those of the permissions that a token may have.
 *
 * @param {Claims} claims
 * @param {readonly string[]} permissions
 */
export function withinPrefix({ prefix }, permissions) {
  return prefix === undefined ? permissions : permissions.filter((name) => name.startsWith(prefix));
}

/**
 * Reads a payload whose signature is verified. Every claim that the service writes must be there and of its type; claims
 * that it does not write today are left unread (RFC 7519 §4), so that a later version can add some. Throws Malformed or
 * InvalidToken.
 *
 * @param {Uint8Array} payload
 * @param {{ issuer: string, audience: string }} parties
 * @returns {Claims}
 */
export function readClaims(payload, parties) {
  const members = new Reader(parseObject(payload));
  checkParties(members, parties);
  /** @type {Claims} */
  const claims = {
    account: members.id('sub'),
    tokenId: members.id('jti'),
    issuedAt: members.time('iat'),
    notBefore: members.time('nbf'),
    expires: members.time('exp'),
    version: members.integer('ver'),
    email: members.text('email'),
    role: members.has('role_id') ? members.id('role_id') : undefined,
    roles: members.texts('roles'),
    permissions: members.texts('permissions'),
    permissionsOmitted: members.flag('permissions_omitted'),
    prefix: members.has('permission_prefix') ? members.text('permission_prefix') : undefined,
    session: members.has('sid') ? members.id('sid') : undefined,
  };
  if (claims.version < 1n) throw new InvalidToken('ver is below 1');
  if (claims.email === '') throw new InvalidToken('email is empty');
  if (claims.prefix === '') throw new InvalidToken('permission_prefix is empty');
  if (claims.roles.length === 0) throw new InvalidToken('roles is empty');
  return claims;
}

/**
 * Throws InvalidToken unless a payload is from this issuer for this audience.
 *
 * @param {Reader} members
 * @param {{ issuer: string, audience: string }} parties
 */
export function checkParties({ members }, { issuer, audience }) {
  if (members.get('iss') !== issuer) throw new InvalidToken('iss is not the issuer');
  const aud = members.get('aud');
  if (aud !== audience && !(isTexts(aud) && aud.includes(audience))) throw new InvalidToken('aud does not name the audience');
}

/**
 * Throws InvalidToken unless the claims are valid at now, in seconds since 1970.
 *
 * @param {Claims} claims
 * @param {number} now
 */
export function checkTimes(claims, now) {
  // A clock that is no number compares false with everything: the conditions are those under which a token is valid.
  if (!(now < claims.expires + LEEWAY)) throw new InvalidToken('expired');
  if (!(now >= claims.notBefore - LEEWAY && now >= claims.issuedAt - LEEWAY)) throw new InvalidToken('not valid yet');
}
