// Verifies the tokens of svc-users with `jose`, and returns their claims.

import { compactVerify, createRemoteJWKSet, errors } from 'jose';

import { Malformed, parts, readClaims } from './strict.mjs';

const MAX_TOKEN = 8 * 1024;

// jose uses a key for an algorithm only if both its kind and its alg are that algorithm's: RSA for RS256, P-256 for ES256.
const ALGORITHMS = ['RS256', 'ES256'];

/** Why a request is refused: a status, a message, and the value of WWW-Authenticate (RFC 6750 §3), if any. */
export class Refusal extends Error {
  constructor(status, message, challenge) {
    super(message);
    Object.assign(this, { status, challenge });
  }
}

const invalid = () => new Refusal(401, 'The access token is not valid.', 'Bearer error="invalid_token"');

/**
 * Returns a function that takes a request and a permission (or none) and resolves to the claims of the request's token.
 * It rejects with a Refusal.
 *
 * The keys are fetched when they are first needed and kept; unknown key ids cause one request in 10 seconds at most.
 * now returns milliseconds since 1970, and is replaced in tests.
 */
export function verifier({ jwks, issuer, audience, now = Date.now }) {
  const keys = createRemoteJWKSet(new URL(jwks), { timeoutDuration: 5_000, cooldownDuration: 10_000, cacheMaxAge: 300_000 });
  return async function verify(request, permission) {
    const claims = await verified(bearer(request));
    if (permission !== undefined && !claims.permissions.includes(permission)) {
      const why = claims.permissions_omitted
        ? 'The access token had no room for its permissions; ask svc-users (POST /api/v1/auth/check).'
        : `Missing required permission: ${permission}`;
      throw new Refusal(403, why, `Bearer error="insufficient_scope", scope="${permission}"`);
    }
    return claims;
  };

  async function verified(token) {
    try {
      const { header, payload } = parts(token);
      // The expected values are fixed here: the header says only which key it is, and the key which algorithm.
      const { alg, typ, kid, ...more } = header;
      if (!ALGORITHMS.includes(alg) || typ !== 'JWT' || typeof kid !== 'string' || !kid || Object.keys(more).length > 0) throw invalid();
      await compactVerify(token, keys, { algorithms: ALGORITHMS }); // the signature alone
      return readClaims(payload, { issuer, audience, now: now() / 1000 });
    } catch (error) {
      if (error instanceof Refusal) throw error;
      if (error instanceof Malformed || aboutTheToken(error)) throw invalid();
      throw new Refusal(503, 'The keys are unavailable at the moment.'); // fail closed
    }
  }
}

/** Whether the error is about the token, or the key that it names is none, and not that the keys could not be fetched. */
function aboutTheToken(error) {
  if (error.code === 'ERR_CRYPTO_INVALID_JWK') return true; // a point that is not on the curve
  return error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && !(error instanceof errors.JWKSInvalid) && error.code !== 'ERR_JOSE_GENERIC';
}

/** The token of the one Authorization header. Node keeps the first of two, so the raw headers are counted. */
function bearer(request) {
  const sent = request.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization').length;
  const [, token] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (sent === 0) throw new Refusal(401, 'A bearer token is required.', 'Bearer');
  if (sent !== 1 || !token || token.length > MAX_TOKEN) throw invalid();
  return token;
}
