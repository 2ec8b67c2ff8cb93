// The claims of an access token (RFC 7519).

import { readActor } from './actor.js';
import { scopeToken } from './bearer.js';
import { Reader, isTexts, parseObject } from './json.js';
import { SERVICE_TYPE } from './jws.js';
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
 * @property {boolean} service whether the token is of a service account (RFC 9068)
 * @property {boolean} exchanged whether it was issued for another credential, and is no more than that
 * @property {string | undefined} apiKey id of the API key that it was issued for
 * @property {import('./actor.js').ActClaim | undefined} act who acts for the account
 * @property {string | undefined} email absent in tokens of service accounts
 * @property {string | undefined} role id of the own role; absent in tokens from before there was that claim
 * @property {string[]} roles empty in tokens with a scope, and in exchanged ones
 * @property {string[]} permissions
 * @property {string[] | undefined} scope what the token is restricted to, sorted; absent if it is not
 * @property {boolean} permissionsOmitted
 * @property {string | undefined} prefix claim permission_prefix of a token for a declared audience: it has the permissions
 *   with it and no other
 * @property {string | undefined} session absent in tokens without a session
 */

/**
 * Reads a payload whose signature is verified, of a token with this typ. Every claim that the service writes must be there
 * and of its type, and none of a token of the other typ; claims that it does not write today are left unread (RFC 7519 §4),
 * so that a later version can add some. Throws Malformed or InvalidToken.
 *
 * @param {Uint8Array} payload
 * @param {string} typ
 * @param {{ issuer: string, audience: string }} parties
 * @returns {Claims}
 */
export function readClaims(payload, typ, parties) {
  const members = new Reader(parseObject(payload));
  checkParties(members, parties);
  const exchanged = members.flag('exchanged');
  const service = typ === SERVICE_TYPE && !(exchanged && members.has('email'));
  /** @type {Claims} */
  const claims = {
    account: members.id('sub'),
    tokenId: members.id('jti'),
    issuedAt: members.time('iat'),
    notBefore: members.time('nbf'),
    expires: members.time('exp'),
    version: members.integer('ver'),
    service,
    exchanged,
    apiKey: members.has('api_key_id') ? members.id('api_key_id') : undefined,
    act: readActor(members),
    email: service ? undefined : members.text('email'),
    role: members.has('role_id') ? members.id('role_id') : undefined,
    roles: members.texts('roles'),
    permissions: members.texts('permissions'),
    scope: members.has('scope') ? readScope(members.text('scope')) : undefined,
    permissionsOmitted: members.flag('permissions_omitted'),
    prefix: members.has('permission_prefix') ? members.text('permission_prefix') : undefined,
    session: members.has('sid') ? members.id('sid') : undefined,
  };
  if (claims.version < 1n) throw new InvalidToken('ver is below 1');
  if (claims.prefix === '') throw new InvalidToken('permission_prefix is empty');
  if (typ !== SERVICE_TYPE) checkPerson(claims, members);
  else if (exchanged) checkExchanged(claims, members);
  else checkService(claims, members);
  return claims;
}

/** Throws InvalidToken unless the claims are those of a person. @param {Claims} claims @param {Reader} members */
function checkPerson({ email, roles, exchanged, apiKey, act }, members) {
  if (email === '') throw new InvalidToken('email is empty');
  if (roles.length === 0) throw new InvalidToken('roles is empty');
  if (members.has('client_id') || members.has('scope') || exchanged || apiKey !== undefined || act !== undefined) throw new InvalidToken('the claims are not those of a person');
}

/** The same for a service account: a token with a scope has no roles. @param {Claims} claims @param {Reader} members */
function checkService({ account, role, roles, scope, apiKey, act }, members) {
  const foreign = members.has('email') || members.has('sid') || apiKey !== undefined || act !== undefined;
  if (members.text('client_id') !== account || role === undefined || foreign) throw new InvalidToken('the claims are not those of a service account');
  if ((scope === undefined) !== roles.length > 0) throw new InvalidToken('roles is empty, or is beside a scope');
}

/**
 * The same for an exchanged token: one of a person has an e-mail, one of a service account belongs to no session, and none
 * has roles.
 *
 * @param {Claims} claims
 * @param {Reader} members
 */
function checkExchanged({ account, service, email, session, role, roles, act }, members) {
  if (email === '') throw new InvalidToken('email is empty');
  if (role === undefined || (service && session !== undefined)) throw new InvalidToken('the claims are not those of an exchanged token');
  if (members.text('client_id') !== (act?.account ?? account)) throw new InvalidToken('client_id is not the account that got the token');
  if (roles.length > 0) throw new InvalidToken('roles of an exchanged token');
}

/** Reads sorted names, each once, with one space between them. @param {string} text */
function readScope(text) {
  const names = text.split(' ');
  if (!names.every((name, i) => scopeToken(name) && name.length <= MAX_NAME && (i === 0 || String(names[i - 1]) < name))) {
    throw new InvalidToken('scope is not sorted names with one space between them');
  }
  return names;
}

/** The longest name of a permission. */
const MAX_NAME = 100;

/**
 * What a token shows of these permissions: those with its prefix and in its scope.
 *
 * @param {Claims} claims
 * @param {readonly string[]} permissions
 * @returns {readonly string[]}
 */
export function limit({ prefix, scope }, permissions) {
  if (prefix === undefined && scope === undefined) return permissions;
  return permissions.filter((name) => (prefix === undefined || name.startsWith(prefix)) && (scope === undefined || scope.includes(name)));
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
