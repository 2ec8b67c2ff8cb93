// A hook for Fastify.

import { admission, principalOf } from './admission.js';
import { describeRefusal } from './bearer.js';

export { principalOf };

/**
 * @typedef {object} Reply what the hook uses of a reply of Fastify
 * @property {(status: number) => unknown} code
 * @property {(values: Record<string, string>) => unknown} headers
 * @property {(body: unknown) => unknown} send
 */

/**
 * @typedef {object} RequireOptions
 * @property {(refusal: import('./refusal.js').Refusal) => unknown} [body]
 *   The body of a refusal, in place of `{"error","error_description"}`.
 */

/**
 * A hook that admits only requests with a valid token whose bearer has all of these permissions; none are needed for an
 * empty list. The handler gets the caller from `principalOf(request)`. Throws a TypeError for a name that is no
 * permission.
 *
 *     app.get('/orders', { onRequest: requires(verifier, ['orders:read']) }, async (request) => { … });
 *
 * @param {import('./verifier.js').Verifier} verifier
 * @param {readonly string[]} [permissions]
 * @param {RequireOptions} [options]
 * @returns {(request: { raw: { rawHeaders: readonly string[] } }, reply: Reply) => Promise<unknown>}
 */
export function requires(verifier, permissions = [], { body: bodyOf } = {}) {
  const admit = admission(verifier, permissions);
  return async (request, reply) => {
    const refusal = await admit(request.raw);
    if (refusal === undefined) return undefined;
    const { status, headers, body } = describeRefusal(refusal, permissions);
    reply.code(status);
    reply.headers(headers);
    reply.send(bodyOf === undefined ? body : bodyOf(refusal));
    return reply; // a hook that returns the reply ends the request
  };
}
