// Verifies the access tokens of svc-users, and follows its change feed. README.md has the guide.

export { principalOf } from './admission.js';
export { authorizationOf, describeRefusal } from './bearer.js';
export { Principal } from './principal.js';
export { Refusal } from './refusal.js';
export { Verifier } from './verifier.js';

/** @typedef {import('./principal.js').Actor} Actor */
/** @typedef {import('./options.js').Options} Options */
/** @typedef {import('./options.js').Changes} Changes */
/** @typedef {import('./options.js').Logger} Logger */
/** @typedef {import('./refusal.js').RefusalCode} RefusalCode */
