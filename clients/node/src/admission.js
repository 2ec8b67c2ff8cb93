// What the middleware of all frameworks has in common.

import { authorizationOf, scopeTokens } from './bearer.js';
import { Refusal, unavailable } from './refusal.js';

/** @typedef {import('./verifier.js').Verifier} Verifier */
/** @typedef {import('./principal.js').Principal} Principal */

/**
 * The principals of requests, and the verifiers that admitted them. Another verifier, which may trust another issuer, must
 * not accept them.
 *
 * @type {WeakMap<object, { principal: Principal, verifier: Verifier }>}
 */
const admitted = new WeakMap();

/**
 * The principal of a request that middleware of this package admitted; undefined for any other.
 *
 * @param {object} request of node:http, Express or Fastify
 * @returns {Principal | undefined}
 */
export function principalOf(request) {
  const one = admitted.get(request) ?? ('raw' in request ? admitted.get(/** @type {object} */ (request.raw)) : undefined); // Fastify wraps it
  return one?.principal;
}

/**
 * Returns a function that admits a message of node:http, or resolves to the Refusal. It never rejects.
 *
 * @param {Verifier} verifier
 * @param {readonly string[]} permissions
 * @returns {(message: { rawHeaders: readonly string[] }) => Promise<Refusal | undefined>}
 */
export function admission(verifier, permissions) {
  const names = [...scopeTokens(permissions)];
  return async (message) => {
    try {
      const before = admitted.get(message);
      if (before?.verifier === verifier && names.every((name) => before.principal.can(name))) return undefined;
      const principal = await verifier.authenticate(authorizationOf(message.rawHeaders), names);
      admitted.set(message, { principal, verifier });
      return undefined;
    } catch (error) {
      return error instanceof Refusal ? error : unavailable(error);
    }
  };
}
