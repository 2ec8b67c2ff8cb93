// The options of a Verifier, and their defaults.

import { isAbsoluteURL } from './request.js';

/**
 * @typedef {object} Logger
 * @property {(message: string) => void} debug why tokens are refused, and each request for changes that failed
 * @property {(message: string) => void} info the change feed is up to date
 * @property {(message: string) => void} warn keys cannot be fetched, the change feed is lost, or access checks fail
 */

/**
 * @typedef {object} Options
 * @property {string} jwks
 *   The URL of the issuer's keys, https://users.example/.well-known/jwks.json. The server that answers there decides which
 *   tokens are valid: over plain HTTP, any host on the network path can.
 * @property {string} issuer
 *   The required value of the claim iss: JWT_ISSUER of svc-users, byte for byte.
 * @property {string} audience
 *   The value that the claim aud must have or contain: JWT_AUDIENCE of svc-users, or one of them where it has several.
 * @property {Changes} [changes]
 *   The change feed. Without it a token has the rights at the time of its issue until it expires.
 * @property {string | false} [check]
 *   The URL of the access check, https://users.example/api/v1/auth/check. It is asked for the permissions of a token whose
 *   list was left out for its length, where the change feed does not tell them. The default is the one beside jwks;
 *   false asks nothing, and such a token gets 503.
 * @property {Logger} [logger]
 *   No token and no part of one is ever logged. The default writes info and warn to the console.
 * @property {typeof globalThis.fetch} [fetch]
 *   Sends all requests, for instance through a proxy. The default is the global fetch.
 * @property {() => number} [now]
 *   The time at which tokens must be valid, in milliseconds since 1970. The default is Date.now.
 */

/**
 * @typedef {object} Changes how a started Verifier follows the service's change feed
 * @property {string} url
 *   The URL of the feed, https://users.example/api/v1/auth/changes.
 * @property {(signal: AbortSignal) => string | Promise<string>} token
 *   Returns a new token of an account with the permission changes:read, for instance by logging in. It is called at the
 *   start, when most of the last token's life is over, and when the service refuses the last token; never twice at the
 *   same time.
 * @property {number} [staleness]
 *   The longest time in milliseconds for which a revoked right can still be used. The default is 1000, the minimum 200.
 * @property {'refuse' | 'tokens-alone'} [whenLost]
 *   How requests are decided while the feed is lost. refuse, the default, answers 503, so that no revoked right can be
 *   used. tokens-alone uses the rights in the tokens, as if the feed were not followed; tokens that were known to be
 *   invalid before stay invalid.
 * @property {(reason: string) => void} [onLost]
 *   Called with the reason when the feed is lost, which is staleness after the last valid answer.
 * @property {() => void} [onFound]
 *   Called when the feed is up to date, for the first time or again.
 * @property {number} [maxAccounts]
 *   Bounds the number of accounts whose tokens may be out of date and of sessions that have ended; a million. With more of
 *   them the feed counts as lost.
 * @property {number} [maxRoles] 250,000
 * @property {number} [maxPermissions] 250,000
 * @property {number} [maxAssignments] the sum of the permissions of all roles, without inherited ones; 5 million
 */

/** @typedef {Required<Omit<Changes, 'onLost' | 'onFound'>> & Pick<Changes, 'onLost' | 'onFound'>} CompleteChanges */
/** @typedef {Required<Omit<Options, 'changes'>> & { changes: CompleteChanges | undefined }} CompleteOptions */

const MIN_STALENESS = 200;

/** @type {Logger} */
const consoleLogger = { debug() {}, info: (message) => console.info(message), warn: (message) => console.warn(message) };

/**
 * Checks options and fills in the defaults. Throws a TypeError that names the wrong option.
 *
 * @param {Options} options
 * @returns {CompleteOptions}
 */
export function completeOptions(options) {
  const { jwks, issuer, audience, changes, logger = consoleLogger, fetch = globalThis.fetch, now = Date.now, ...more } = options ?? {};
  const { check = checkBeside(jwks), ...unknown } = more;
  noOthers('options', unknown);
  must(isAbsoluteURL(jwks), 'jwks must be an absolute http or https URL without credentials');
  must(typeof issuer === 'string' && issuer !== '', 'issuer must be set');
  must(typeof audience === 'string' && audience !== '', 'audience must be set');
  must(check === false || isAbsoluteURL(check), 'check must be an absolute http or https URL without credentials, or false');
  must(typeof fetch === 'function', 'fetch must be a function');
  must(typeof now === 'function', 'now must be a function');
  must(['debug', 'info', 'warn'].every((level) => typeof logger?.[/** @type {keyof Logger} */ (level)] === 'function'), 'logger must have debug, info and warn');
  return { jwks, issuer, audience, check, logger, fetch, now, changes: changes === undefined ? undefined : completeChanges(changes) };
}

/** @param {Changes} changes @returns {CompleteChanges} */
function completeChanges(changes) {
  must(typeof changes === 'object' && changes !== null, 'changes must be an object');
  const { url, token, onLost, onFound, staleness = 1000, whenLost = 'refuse', ...limits } = changes;
  const { maxAccounts = 1_000_000, maxRoles = 250_000, maxPermissions = 250_000, maxAssignments = 5_000_000, ...unknown } = limits;
  noOthers('changes', unknown);
  must(isAbsoluteURL(url), 'changes.url must be an absolute http or https URL without credentials');
  must(typeof token === 'function', 'changes.token must be a function that returns a token');
  must(Number.isFinite(staleness) && staleness >= MIN_STALENESS, `changes.staleness must be ${MIN_STALENESS} milliseconds at least`);
  must(whenLost === 'refuse' || whenLost === 'tokens-alone', 'changes.whenLost must be refuse or tokens-alone');
  for (const [name, hook] of Object.entries({ onLost, onFound })) {
    must(hook === undefined || typeof hook === 'function', `changes.${name} must be a function`);
  }
  for (const [name, limit] of Object.entries({ maxAccounts, maxRoles, maxPermissions, maxAssignments })) {
    must(Number.isSafeInteger(limit) && limit > 0, `changes.${name} must be a positive integer`);
  }
  return { url, token, onLost, onFound, staleness, whenLost, maxAccounts, maxRoles, maxPermissions, maxAssignments };
}

/** The access check of the service that publishes its keys at this URL, or false for a URL that is none of its two. @param {string} jwks */
function checkBeside(jwks) {
  const path = /\/(?:\.well-known\/jwks\.json|api\/v1\/auth\/jwks)$/;
  return isAbsoluteURL(jwks) && path.test(jwks) ? jwks.replace(path, '/api/v1/auth/check') : false;
}

/** A misspelt option must not count as one that is absent. @param {string} where @param {object} unknown */
function noOthers(where, unknown) {
  const names = Object.keys(unknown);
  must(names.length === 0, `${where} has no option ${names.join(', ')}`);
}

/** @param {boolean} holds @param {string} what */
function must(holds, what) {
  if (!holds) throw new TypeError(`svc-users-authn: ${what}`);
}
