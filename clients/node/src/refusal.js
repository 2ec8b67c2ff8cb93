// Why a request is refused, and the errors behind it.

/**
 * @typedef {'token_required' | 'invalid_token' | 'insufficient_scope' | 'temporarily_unavailable'} RefusalCode
 */

/**
 * The reason why a request is refused. `status`, `code`, `description`, `missing` and `retryAfter` may be shown to the
 * client; `cause`, which is for the log alone, may not. Neither holds any part of a token.
 */
export class Refusal extends Error {
  /**
   * @param {401 | 403 | 503} status
   * @param {RefusalCode} code
   * @param {string} description one sentence
   * @param {{ missing?: readonly string[], cause?: unknown }} [more]
   */
  constructor(status, code, description, { missing = [], cause } = {}) {
    super(description, { cause });
    this.name = 'Refusal';
    /** The HTTP status of the response. */
    this.status = status;
    /** The member `error` of the body. */
    this.code = code;
    /** The member `error_description` of the body. */
    this.description = description;
    /** With `insufficient_scope`: the required permissions that the account does not hold. */
    this.missing = missing;
    /** With 503: the seconds after which the client should try again; otherwise undefined. */
    this.retryAfter = status === 503 ? 1 : undefined;
  }
}

/** The token is not valid. The message says why, for a log, and holds no part of the token. */
export class InvalidToken extends Error {}

/** The keys of the issuer cannot be fetched, so that a token cannot be verified. It may be valid. */
export class KeysUnavailable extends Error {}

export const tokenRequired = () => new Refusal(401, 'token_required', 'A bearer token is required.');

/** @param {unknown} cause */
export const invalidToken = (cause) => new Refusal(401, 'invalid_token', 'The access token is not valid.', { cause });

/** @param {unknown} cause */
export const unavailable = (cause) =>
  new Refusal(503, 'temporarily_unavailable', 'The access token cannot be verified at the moment.', { cause });

/** @param {unknown} cause */
export const permissionsUnknown = (cause) =>
  new Refusal(503, 'temporarily_unavailable', 'The permissions of the account cannot be determined at the moment.', { cause });

/** @param {readonly string[]} missing */
export const insufficientScope = (missing) =>
  new Refusal(403, 'insufficient_scope', `Missing required permission: ${missing.join(', ')}`, { missing });
