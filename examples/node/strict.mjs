// Reads a token as strictly as svc-users itself does: what has two readings has none.

const LEEWAY = 30; // seconds that the clocks may be apart
const LATEST = 253402300799n; // the last second of the year 9999
const UUID = /^(?!0{8}-0{4}-0{4}-0{4}-0{12}$)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The token is none. */
export class Malformed extends Error {}

/** The header and the payload (as bytes) of a compact JWS (RFC 7515). The signature is not verified here. */
export function parts(token) {
  const pieces = token.split('.');
  if (pieces.length !== 3) throw new Malformed('not three parts');
  const [header, payload] = pieces.map(decoded);
  return { header: members(header).values, payload };
}

/** The bytes of a part. base64 has several spellings of the same bytes; only the canonical one is accepted. */
function decoded(piece) {
  const raw = Buffer.from(piece, 'base64url');
  if (piece === '' || raw.toString('base64url') !== piece) throw new Malformed('not in the one spelling of base64url');
  return raw;
}

const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\]:,]/g;

/**
 * The members of one JSON object: valid UTF-8, no member twice, no half of a character. numbers are those of the object
 * itself as they are written, because 1, 1.0 and 1e0 are the same value to JSON.parse.
 */
function members(raw) {
  let text, values;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
    values = JSON.parse(text);
  } catch {
    throw new Malformed('not JSON');
  }
  if (values === null || typeof values !== 'object' || Array.isArray(values)) throw new Malformed('no object');
  const numbers = {};
  const open = []; // the names in each object around the place, null for an array
  let name, last;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      name = last;
      if (open.at(-1).has(name)) throw new Malformed('duplicate member');
      open.at(-1).add(name);
    } else if (token[0] === '"') {
      last = JSON.parse(token);
      if (/\p{Surrogate}/u.test(last)) throw new Malformed('half a character');
    } else if (token !== ',' && open.length === 1) numbers[name] = token;
  }
  return { values, numbers };
}

/** The claims of a payload, once every claim that svc-users writes is there, of its type, and good now. */
export function readClaims(payload, { issuer, audience, now }) {
  const { values, numbers } = members(payload);
  const claims = new Map(Object.entries(values));
  const must = (holds, what) => {
    if (!holds) throw new Malformed(what);
  };
  const integer = (name) => {
    must(/^-?\d{1,19}$/.test(numbers[name] ?? '') && typeof claims.get(name) === 'number', `${name} is no integer`);
    const value = BigInt(numbers[name]);
    must(BigInt.asIntN(64, value) === value, `${name} is too large`);
    return value;
  };
  const id = (name) => must(typeof claims.get(name) === 'string' && UUID.test(claims.get(name)), `${name} is no id`);

  must(claims.get('iss') === issuer, 'another issuer');
  const aud = claims.get('aud');
  must(aud === audience || (texts(aud) && aud.includes(audience)), 'another audience');
  id('sub');
  id('jti');
  if (claims.has('role_id')) id('role_id');
  const [issued, notBefore, expires] = ['iat', 'nbf', 'exp'].map((name) => {
    const time = integer(name);
    must(time >= 1n && time <= LATEST, `${name} is no time`);
    return Number(time);
  });
  must(integer('ver') >= 1n, 'ver is no version');
  must(typeof claims.get('email') === 'string' && claims.get('email') !== '', 'there is no e-mail');
  must(texts(claims.get('roles')) && claims.get('roles').length > 0 && texts(claims.get('permissions')), 'roles or permissions are no texts');
  must(!claims.has('permissions_omitted') || typeof claims.get('permissions_omitted') === 'boolean', 'permissions_omitted is neither true nor false');
  must(now < expires + LEEWAY && now >= notBefore - LEEWAY && now >= issued - LEEWAY, 'not good at this time');
  return values;
}

const texts = (list) => Array.isArray(list) && list.every((item) => typeof item === 'string');
