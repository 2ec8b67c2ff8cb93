// Middleware for Express, and for everything else whose middleware takes (request, response, next) of node:http.

import { admission, principalOf } from './admission.js';
import { describeRefusal } from './bearer.js';

export { principalOf };

/**
 * @typedef {object} RequireOptions
 * @property {(refusal: import('./refusal.js').Refusal, request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void} [onRefusal]
 *   Writes the body of a refusal, in place of `{"error","error_description"}`. The status and the headers
 *   WWW-Authenticate, Retry-After and Cache-Control are set before.
 */

/**
 * Middleware that admits only requests with a valid token whose bearer has all of these permissions; none are needed for
 * an empty list. The next handlers get the caller from `principalOf(request)`. Throws a TypeError for a name that is no
 * permission.
 *
 *     app.get('/orders', requires(verifier, ['orders:read']), (request, response) => { … });
 *
 * @param {import('./verifier.js').Verifier} verifier
 * @param {readonly string[]} [permissions]
 * @param {RequireOptions} [options]
 * @returns {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse, next: (error?: unknown) => void) => void}
 */
export function requires(verifier, permissions = [], { onRefusal } = {}) {
  const admit = admission(verifier, permissions);
  return (request, response, next) => {
    admit(request).then((refusal) => {
      if (refusal === undefined) return next();
      const { status, headers, body } = describeRefusal(refusal, permissions);
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (onRefusal !== undefined) return onRefusal(refusal, request, response);
      response.end(body);
    }).catch(next); // what the next handler throws
  };
}
