// HTTP requests with bounds: time, size and redirects.

/** @typedef {typeof globalThis.fetch} Fetch */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {Buffer} body
 */

/** How many redirects are followed, all of them to the same origin. */
const MAX_REDIRECTS = 3;

/**
 * Sends one request and reads the whole answer. Redirects to another origin are refused: an open redirect on the issuer's
 * host must not lead to an attacker's keys, or send a token to an attacker.
 *
 * @param {Fetch} fetch
 * @param {string} url
 * @param {object} options
 * @param {string} [options.method]
 * @param {Record<string, string>} options.headers
 * @param {string} [options.body]
 * @param {number} options.headTimeout milliseconds until the answer begins
 * @param {number} [options.bodyTimeout] milliseconds from then until it is whole; the default is the same time
 * @param {number} options.limit the largest body in bytes; a longer one is refused
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Answer>}
 */
export async function request(fetch, url, { method = 'GET', headers, body, headTimeout, bodyTimeout = headTimeout, limit, signal }) {
  const abort = new AbortController();
  const end = () => abort.abort(signal?.reason);
  let timer = setTimeout(() => abort.abort(new Error('no answer in time')), headTimeout);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  try {
    let at = new URL(url);
    for (let redirects = 0; ; redirects++) {
      const response = await fetch(at, { method, headers, body, redirect: 'manual', signal: abort.signal });
      const location = [301, 302, 303, 307, 308].includes(response.status) ? response.headers.get('Location') : null;
      if (location === null) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(new Error('the answer did not end in time')), bodyTimeout);
        return { status: response.status, headers: response.headers, body: await readBody(response, limit) };
      }
      await response.body?.cancel();
      const next = new URL(location, at);
      if (method !== 'GET' || redirects >= MAX_REDIRECTS || next.origin !== at.origin) throw new Error('redirected to another place');
      at = next;
    }
  } catch (error) {
    throw abort.signal.aborted && abort.signal.reason instanceof Error ? abort.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/**
 * Reads all of a body, and refuses rather than cuts what is longer than the limit.
 *
 * @param {Response} response
 * @param {number} limit
 */
async function readBody(response, limit) {
  const parts = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > limit) throw new Error('the answer is too long'); // leaving the loop cancels the body
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * Whether a text is a URL to ask over HTTP, without credentials and fragment.
 *
 * @param {unknown} text
 * @returns {text is string}
 */
export function isAbsoluteURL(text) {
  if (typeof text !== 'string' || text.includes('#') || !URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '';
}
