// The shared vectors: this package says of each token what svc-users says.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { Refusal, Verifier } from '../src/index.js';
import { json, serve, silent } from './help.js';

const read = async (name) => JSON.parse(await readFile(new URL(`../../../authn/testdata/${name}`, import.meta.url), 'utf8'));

test('every vector has the verdict of the service', async (t) => {
  const file = await read('vectors.json');
  const server = await serve(t, json(file.jwks));
  const verifier = new Verifier({ jwks: server.url, issuer: file.issuer, audience: file.audience, logger: silent, now: () => file.now * 1000 });
  const counts = { good: 0, bad: 0 };
  for (const { name, token, base64, good } of file.tokens) {
    const text = base64 ? Buffer.from(base64, 'base64').toString('latin1') : token;
    const result = await verifier.verify(text).catch((error) => error);
    assert.equal(!(result instanceof Error), good, `${name}: ${result.cause?.message}`);
    if (good) {
      counts.good++;
      assert.deepEqual({ ...result }, readLeniently(text), name);
    } else {
      counts.bad++;
      assert.ok(result instanceof Refusal && result.status === 401, `${name}: ${result} is no 401`);
      assert.doesNotMatch(`${result.message} ${result.cause?.message}`, /["'\\{\0\n]/, `${name}: it seems to quote`);
    }
  }
  assert.ok(counts.good >= 12 && counts.bad >= 300, JSON.stringify(counts));
  assert.equal(server.asked, 1 + 1, 'made-up keys cause one request');
});

/** What a lenient reader understands of a token. */
function readLeniently(token) {
  const c = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
  const scope = c.scope?.split(' ');
  const permissions = (scope ?? c.permissions).sort();
  return {
    account: c.sub, service: c.email === undefined, email: c.email, scope, roles: c.roles, permissions,
    permissionsOmitted: scope === undefined && (c.permissions_omitted ?? false), live: false,
    actor: actorOf(c.act), tokenId: c.jti, session: c.sid, issuedAt: new Date(c.iat * 1000), expires: new Date(c.exp * 1000),
  };
}

const actorOf = (act) => act && { account: act.sub, impersonator: act.impersonator ?? false, prior: actorOf(act.act) };
