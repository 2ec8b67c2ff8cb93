// Bearer tokens in requests, and refusals in responses (RFC 6750).

/**
 * The tokens of Authorization headers: what follows the scheme Bearer, in any case, and the spaces after it (RFC 9110
 * §11.4). Headers of other schemes have none.
 *
 * @param {readonly string[]} authorization
 * @returns {string[]}
 */
export function readTokens(authorization) {
  return authorization.flatMap((header) => {
    const [, token] = /^bearer +(.+)$/is.exec(header) ?? [];
    return token === undefined ? [] : [token];
  });
}

/**
 * The values of the Authorization headers among raw headers, which are names and values in turn: Node itself keeps only
 * the first of two.
 *
 * @param {readonly string[]} rawHeaders
 * @returns {string[]}
 */
export function authorizationOf(rawHeaders) {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'authorization');
}

/** RFC 6749 §3.3: printable ASCII without space, quote and backslash. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Whether a text can be the name of a permission. @param {string} text */
export const scopeToken = (text) => SCOPE_TOKEN.test(text);

/**
 * Checks names of permissions. Throws a TypeError for one that is none: it is a mistake of the program.
 *
 * @param {readonly string[]} permissions
 * @returns {readonly string[]}
 */
export function scopeTokens(permissions) {
  if (!Array.isArray(permissions)) throw new TypeError('svc-users-authn: permissions must be an array of names');
  for (const name of permissions) {
    if (typeof name !== 'string' || !SCOPE_TOKEN.test(name)) throw new TypeError(`svc-users-authn: ${JSON.stringify(name)} is no permission`);
  }
  return permissions;
}

/**
 * The headers and the body of a refusal: WWW-Authenticate has an error code for an invalid token, and none without a
 * token. The body is `{"error":"invalid_token","error_description":"The access token is not valid."}`.
 *
 * @param {import('./refusal.js').Refusal} refusal
 * @param {readonly string[]} [required] the permissions that the request needs
 * @returns {{ status: number, headers: Record<string, string>, body: string }}
 */
export function describeRefusal({ status, code, description, retryAfter }, required = []) {
  /** @type {Record<string, string>} */
  const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' };
  if (status === 503) headers['Retry-After'] = String(retryAfter);
  else if (code === 'insufficient_scope') headers['WWW-Authenticate'] = `Bearer error="insufficient_scope", scope="${required.join(' ')}"`;
  else headers['WWW-Authenticate'] = code === 'invalid_token' ? 'Bearer error="invalid_token"' : 'Bearer';
  return { status, headers, body: JSON.stringify({ error: code, error_description: description }) };
}
