// Tokens that had no room for their permissions, and the access check.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { TestFeed, ada, bob, eventually, follow, json, newVerifier, serve, status, tokenOf, upToDate } from './help.js';

const omitted = tokenOf(ada, { permissions: [], permissions_omitted: true });

/** An access check of an account that may do what is allowed. */
async function checkOf(t, allowed, edit = (data) => data) {
  const check = await serve(t, async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    check.bodies.push(JSON.parse(text));
    check.tokens.push(request.headers.authorization);
    const permissions = check.bodies.at(-1).permissions.map((name) => ({ name, allowed: allowed.includes(name) }));
    json({ status: 'success', data: edit({ account_id: ada, is_active: true, allowed: permissions.every((one) => one.allowed), permissions }) })(request, response);
  });
  check.bodies = [];
  check.tokens = [];
  return check;
}

const outcome = (verifier, names, token = omitted) =>
  verifier.authorize(token, names).then(
    ({ permissions }) => [200, ...permissions],
    (error) => [error.status, ...error.missing],
  );

describe('a token without its permissions', { timeout: 1_200_000 }, () => {
  test('is answered by the access check', async (t) => {
    const check = await checkOf(t, ['orders:read', 'orders:write']);
    const verifier = await newVerifier(t, { check: check.url });
    assert.deepEqual(await outcome(verifier, ['orders:write', 'orders:read', 'orders:write']), [200, 'orders:read', 'orders:write']);
    assert.deepEqual(await outcome(verifier, ['orders:read', 'orders:pay']), [403, 'orders:pay']);
    assert.deepEqual(check.bodies, [{ permissions: ['orders:write', 'orders:read'] }, { permissions: ['orders:read', 'orders:pay'] }]);
    assert.deepEqual(check.tokens, [`Bearer ${omitted}`, `Bearer ${omitted}`]);
    assert.deepEqual(await outcome(verifier, []), [200], 'without a required permission nothing is asked');
    assert.deepEqual(await outcome(verifier, ['orders:read'], tokenOf(ada)), [200, 'orders:read', 'orders:write']);
    assert.deepEqual(await outcome(verifier, ['orders:pay'], tokenOf(ada)), [403, 'orders:pay']);
    assert.equal(check.asked, 2, 'a token with its permissions is not asked about');
    const principal = await verifier.verify(omitted);
    assert.deepEqual([principal.permissionsOmitted, principal.can('orders:read')], [true, false]);
  });

  for (const [name, answer, want] of [
    ['a refused token', status(401), 401], ['a limit', status(429), 503], ['a fault', status(500), 503], ['forbidden', status(403), 503], ['a redirect', (request, response) => response.writeHead(307, { Location: '/' }).end(), 503],
    ['garbage', (request, response) => response.end('{'), 503], ['nothing', json({}), 503], ['too much', json({ x: 'x'.repeat(2 << 20) }), 503],
    ['a closed connection', (request, response) => response.destroy(), 503],
  ]) {
    test(`is refused with ${want} after ${name}`, async (t) => {
      const verifier = await newVerifier(t, { check: (await serve(t, answer)).url });
      assert.deepEqual(await outcome(verifier, ['orders:read']), [want]);
    });
  }

  for (const [name, edit, want] of [
    ['another account', (data) => ({ ...data, account_id: bob }), [503]], ['other names', (data) => ({ ...data, permissions: [{ name: 'a', allowed: true }] }), [503]],
    ['more names', (data) => ({ ...data, permissions: [...data.permissions, ...data.permissions] }), [503]], ['allowed a text', (data) => ({ ...data, permissions: [{ name: 'orders:read', allowed: 'true' }] }), [503]],
    ['a disabled account', (data) => ({ ...data, is_active: false }), [403, 'orders:read']], ['allowed only at the top', (data) => ({ ...data, permissions: [{ name: 'orders:read' }] }), [403, 'orders:read']],
  ]) {
    test(`is not let in by an answer with ${name}`, async (t) => {
      const verifier = await newVerifier(t, { check: (await checkOf(t, ['orders:read'], edit)).url });
      assert.deepEqual(await outcome(verifier, ['orders:read']), want);
    });
  }

  test('gets 503 where nothing can be asked', async (t) => {
    assert.deepEqual(await outcome(await newVerifier(t), ['orders:read']), [503]);
    assert.deepEqual(await outcome(await newVerifier(t, { check: false }), ['orders:read']), [503]);
  });

  test('is answered by the change feed, and by the check while that is lost', async (t) => {
    const feed = await TestFeed.start(t);
    const check = await checkOf(t, ['orders:pay']);
    const verifier = await follow(t, feed, { check: check.url, changes: { staleness: 2_000, whenLost: 'tokens-alone' } });
    await upToDate(verifier);
    assert.deepEqual(await outcome(verifier, ['orders:write']), [200, 'orders:read', 'orders:write']);
    assert.deepEqual(await outcome(verifier, ['orders:pay']), [403, 'orders:pay']);
    assert.equal(check.asked, 0);
    await verifier.stop();
    feed.set({ instead: status(502) });
    await eventually('lost', () => verifier.lost);
    assert.deepEqual(await outcome(verifier, ['orders:pay']), [200, 'orders:pay']);
  });

  test('cannot gather requests without end', async (t) => {
    const waiting = [];
    const check = await serve(t, (request, response) => waiting.push(response));
    const verifier = await newVerifier(t, { check: check.url });
    const refused = [];
    const answers = Array.from({ length: 300 }, () => outcome(verifier, ['orders:read']).then(([one]) => refused.push(one)));
    await eventually('all are asked or refused', () => waiting.length + refused.length >= 300); // a busy machine has some time out
    assert.ok(waiting.length <= 256 && refused.length >= 44 && refused.every((one) => one === 503), `${waiting.length} ${refused}`);
    for (const response of waiting) response.writeHead(401).end();
    await Promise.all(answers);
  });
});
