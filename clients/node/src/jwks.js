// JWK sets (RFC 7517).

import { importJWK } from 'jose';

import { Reader, parseObject } from './json.js';
import { MAX_KID, decodePart } from './jws.js';

/**
 * A key of the issuer with its one algorithm: a JWS is valid only under the algorithm of the key that its kid names
 * (RFC 8725 §3.1).
 *
 * @typedef {object} PublicKey
 * @property {'RS256' | 'ES256'} algorithm
 * @property {import('jose').CryptoKey} key
 */

/** NIST SP 800-131A asks for 2048 bits, and RFC 7518 §3.3 too. The upper limit bounds the time to verify a signature. */
const [MIN_BITS, MAX_BITS] = [2048, 8192];
/** The least public exponent that FIPS 186-5 §5.5 allows, and the largest that fits 31 bits. */
const [MIN_EXPONENT, MAX_EXPONENT] = [65537n, (1n << 31n) - 1n];
/** The length in bytes of a coordinate of P-256. */
const COORDINATE = 32;

/**
 * Reads a JWK set: the object with a member keys that both documents of the service are. Keys that are not for verifying
 * RS256 or ES256, or too weak for it, are passed over, since others may be published beside ours. Two usable ones under
 * one id are an error: nothing would say which is meant.
 *
 * @param {Uint8Array} raw
 * @returns {Promise<Map<string, PublicKey>>}
 */
export async function parseKeys(raw) {
  /** @type {Map<string, PublicKey>} */
  const keys = new Map();
  for (const jwk of new Reader(parseObject(raw)).objects('keys')) {
    const kid = jwk.members.get('kid');
    const key = await parseKey(jwk);
    if (key === undefined || typeof kid !== 'string') continue;
    if (keys.has(kid)) throw new Error('two keys have the same id');
    keys.set(kid, key);
  }
  if (keys.size === 0) throw new Error('no key for RS256 of 2048 bits or more, nor one for ES256, in the JWK set');
  return keys;
}

/**
 * Returns undefined for a key that is not for verifying RS256 or ES256. The kind of the key decides which of the two: alg,
 * where it is there, must be that one.
 *
 * @param {Reader} jwk
 * @returns {Promise<PublicKey | undefined>}
 */
async function parseKey({ members }) {
  const kid = members.get('kid');
  if (typeof kid !== 'string' || kid === '' || Buffer.byteLength(kid) > MAX_KID) return undefined;
  const operations = members.has('key_ops') ? members.get('key_ops') : ['verify'];
  if (!Array.isArray(operations) || !operations.includes('verify') || !operations.every((item) => typeof item === 'string')) return undefined;
  /** @param {string} name @param {string} value */
  const absentOr = (name, value) => !members.has(name) || members.get(name) === value;
  if (!absentOr('use', 'sig')) return undefined;
  if (members.get('kty') === 'RSA' && absentOr('alg', 'RS256')) return importKey('RS256', rsaMembers(members));
  if (members.get('kty') === 'EC' && absentOr('alg', 'ES256')) return importKey('ES256', p256Members(members));
  return undefined;
}

/**
 * @param {'RS256' | 'ES256'} algorithm
 * @param {import('jose').JWK | undefined} jwk
 * @returns {Promise<PublicKey | undefined>}
 */
async function importKey(algorithm, jwk) {
  if (jwk === undefined) return undefined;
  try {
    const key = await importJWK(jwk, algorithm);
    return key instanceof Uint8Array ? undefined : { algorithm, key };
  } catch {
    return undefined; // such as a point that is not on the curve
  }
}

/** n and e (RFC 7518 §6.3), unless the key is too weak or too long. @param {import('./json.js').Members} members */
function rsaMembers(members) {
  const [n, e] = [members.get('n'), members.get('e')];
  const [modulus, exponent] = [unsigned(n), unsigned(e)];
  if (modulus === undefined || exponent === undefined) return undefined;
  const bits = modulus.toString(2).length;
  if (bits < MIN_BITS || bits > MAX_BITS || modulus % 2n === 0n) return undefined;
  if (exponent < MIN_EXPONENT || exponent > MAX_EXPONENT || exponent % 2n === 0n) return undefined;
  return { kty: 'RSA', n: /** @type {string} */ (n), e: /** @type {string} */ (e) };
}

/** crv, x and y (RFC 7518 §6.2.1); the import checks that the point is on the curve. @param {import('./json.js').Members} members */
function p256Members(members) {
  const [x, y] = [members.get('x'), members.get('y')];
  if (members.get('crv') !== 'P-256' || decodePart(x)?.length !== COORDINATE || decodePart(y)?.length !== COORDINATE) return undefined;
  return { kty: 'EC', crv: 'P-256', x: /** @type {string} */ (x), y: /** @type {string} */ (y) };
}

/** A number as RFC 7518 §2 writes it (Base64urlUInt): without zero bytes before it. @param {unknown} value */
function unsigned(value) {
  const raw = decodePart(value);
  if (raw === undefined || raw[0] === 0 || raw.length > MAX_BITS / 8 + 1) return undefined;
  return BigInt(`0x${raw.toString('hex')}`);
}
