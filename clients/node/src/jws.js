// Compact JWS (RFC 7515), parsed by hand as strictly as svc-users does; jose verifies the signature.

import { compactVerify, errors } from 'jose';

import { Malformed, parseObject } from './json.js';
import { InvalidToken } from './refusal.js';

/** The header `typ` of a token of a person, of a service account (RFC 9068), and of a statement of the change feed. */
export const TOKEN_TYPE = 'JWT';
export const SERVICE_TYPE = 'at+jwt';
export const STATEMENT_TYPE = 'changes+jwt';

/** The longest token, in bytes, that the service issues or reads. */
export const MAX_TOKEN = 8 * 1024;

/** More than the service gives a key id. */
export const MAX_KID = 256;

const ALGORITHMS = ['RS256', 'ES256'];
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/**
 * The bytes of base64url without padding. Some bytes have several spellings; only the canonical one is accepted.
 *
 * @param {unknown} part
 * @returns {Buffer | undefined}
 */
export function decodePart(part) {
  if (typeof part !== 'string' || !BASE64URL.test(part)) return undefined;
  const raw = Buffer.from(part, 'base64url');
  return raw.length > 0 && raw.toString('base64url') === part ? raw : undefined;
}

/**
 * Parses a compact JWS and returns its key id and its payload, once the signature is verified. The key comes from the
 * issuer's key set, never from the JWS, and the algorithm from the key.
 *
 * @param {string} compact
 * @param {readonly string[]} types the header `typ` must be one of these
 * @param {(kid: string) => Promise<import('./jwks.js').PublicKey>} keyOf
 * @returns {Promise<{ kid: string, typ: string, payload: Buffer }>}
 */
export async function openJWS(compact, types, keyOf) {
  const parts = compact.split('.');
  const [header, payload, signature] = parts.map(decodePart);
  if (parts.length !== 3 || !header || !payload || !signature) throw new InvalidToken('not three base64url parts');
  const { kid, alg, typ } = readHeader(header, types);
  // Last, since it may cost a request, which malformed tokens must not cause.
  const key = await keyOf(kid);
  if (alg !== key.algorithm) throw new InvalidToken('alg is not that of the key');
  try {
    await compactVerify(compact, key.key, { algorithms: [key.algorithm] });
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new InvalidToken('signature does not match');
    throw error;
  }
  return { kid, typ, payload };
}

/**
 * A member beside alg, typ and kid is refused rather than passed over: the service writes none, and crit, b64, jwk, jku
 * and x5u exist only to change what is verified, or by what.
 *
 * @param {Buffer} raw
 * @param {readonly string[]} types
 */
function readHeader(raw, types) {
  const header = parseHeader(raw);
  const [alg, kid, typ] = [header.get('alg'), header.get('kid'), header.get('typ')];
  for (const name of header.keys()) {
    if (name !== 'alg' && name !== 'typ' && name !== 'kid') throw new InvalidToken('header has members beside alg, typ and kid');
  }
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) throw new InvalidToken('alg is not that of the key');
  if (typeof typ !== 'string' || !types.includes(typ)) throw new InvalidToken('typ is not one of those expected');
  if (typeof kid !== 'string' || kid === '') throw new InvalidToken('kid names no key of the issuer');
  return { alg, kid, typ };
}

/** @param {Buffer} raw */
function parseHeader(raw) {
  try {
    return parseObject(raw);
  } catch (error) {
    if (error instanceof Malformed) throw new InvalidToken('header is not a JSON object');
    throw error;
  }
}
