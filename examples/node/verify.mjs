// Verifies the tokens of svc-users with `jose`, and says what their bearers may do.

import { compactVerify, createRemoteJWKSet, errors } from 'jose';

import { Malformed, parts, readClaims } from './strict.mjs';

const MAX_TOKEN = 8 * 1024;

/** Why a request is refused: a status, and what WWW-Authenticate says of it (RFC 6750 §3). */
export class Refusal extends Error {
  constructor(status, message, challenge) {
    super(message);
    Object.assign(this, { status, challenge });
  }
}

const invalid = () => new Refusal(401, 'The access token is not valid.', 'Bearer error="invalid_token"');

/**
 * Makes the function that takes a request and a permission (or none) and resolves to the claims of whoever sent it.
 * It rejects with a Refusal.
 *
 * The keys are fetched when they are first needed and kept; one that is not known is asked for once in 10 seconds. now,
 * of milliseconds since 1970, is for tests.
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
      // What is expected is pinned here: of the header nothing but the key's name decides anything.
      const { alg, typ, kid, ...more } = header;
      if (alg !== 'RS256' || typ !== 'JWT' || typeof kid !== 'string' || !kid || Object.keys(more).length > 0) throw invalid();
      await compactVerify(token, keys, { algorithms: ['RS256'] }); // the signature alone
      return readClaims(payload, { issuer, audience, now: now() / 1000 });
    } catch (error) {
      if (error instanceof Refusal) throw error;
      if (error instanceof Malformed || aboutTheToken(error)) throw invalid();
      throw new Refusal(503, 'The keys cannot be had at the moment.'); // fail closed
    }
  }
}

/** Whether it is the token that is at fault, and not that its key could not be had. */
function aboutTheToken(error) {
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
