// Statements that do not count, and the list of keys.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  TestFeed, accountOf, ada, becomes, bob, can, endedOf, eventually, follow, keysAnswer, manager, newKey, ours, permissionOf, roleOf, serve, sign, status, statusOf, theirs, tokenOf,
  upToDate, user,
} from './help.js';

const edit = (name, value) => (feed) => (feed.edit = (payload) => { payload[name] = value; }); // undefined is left out of JSON
const role = (changes) => ({ ...roleOf(user, 'A').at(-1), ...changes });
const accounts = (...list) => edit('accounts', list);
const roles = (...list) => edit('roles', list);
const now = () => Math.floor(Date.now() / 1000);

const WRONG = {
  'signed by another': (feed) => (feed.key = theirs),
  'a token': (feed) => (feed.typ = 'JWT'),
  'another type': (feed) => (feed.typ = 'changes'),
  'another issuer': edit('iss', 'https://evil.example'),
  'another audience': edit('aud', 'https://evil.example'),
  'no iat': edit('iat', undefined),
  'two minutes old': edit('iat', now() - 120),
  'two minutes ahead': edit('iat', now() + 120),
  'iat a string': edit('iat', 'now'),
  'no cursor': edit('cursor', undefined),
  'an empty cursor': edit('cursor', ''),
  'after another cursor': edit('after', 'x'),
  'no after': edit('after', undefined),
  'reset a string': edit('reset', 'true'),
  'no roles': edit('roles', undefined),
  'no permissions': edit('permissions', undefined),
  'no accounts': edit('accounts', undefined),
  'roles null': edit('roles', null),
  'permissions a string': edit('permissions', 'all'),
  'a permission twice': edit('permissions', [permissionOf('a'), permissionOf('a')]),
  'one of no id': edit('permissions', [{ id: 'x', name: 'a' }]),
  'one without name': edit('permissions', [{ id: user, name: '' }]),
  'no name': edit('permissions', [{ id: user }]),
  'a role twice': roles(role(), role()),
  'a role without id': roles(role({ id: '' })),
  'a role without name': roles(role({ name: '' })),
  'a name of no text': roles(role({ name: 1 })),
  'permissions null': roles(role({ permissions: null })),
  'permissions names': roles(role({ permissions: ['orders:read'] })),
  'a parent of no id': roles(role({ parent: 'Manager' })),
  'no parent': roles(role({ parent: undefined })),
  'all a string': roles(role({ all: 'true' })),
  'continued, of nothing': roles(role({ continued: true, id: bob })),
  'accounts a string': edit('accounts', 'all'),
  'an account twice': accounts(accountOf(ada, 1, user), accountOf(ada, 1, user)),
  'an account of no id': accounts(accountOf('x', 1, user)),
  'version 0': accounts(accountOf(ada, 0, user)),
  'version a string': accounts(accountOf(ada, '1', user)),
  'version a fraction': accounts(accountOf(ada, 1.5, user)),
  'no version': accounts({ id: ada, role: user }),
  'no role': accounts({ id: ada, ver: 1 }),
  'a role of no id': accounts(accountOf(ada, 1, 'Manager')),
  'sessions null': edit('sessions', null),
  'a session of no id': edit('sessions', [endedOf('x')]),
  'a session twice': edit('sessions', [endedOf(ada), endedOf(ada)]),
  'a session without end': edit('sessions', [{ sid: ada }]),
  'an end that is none': edit('sessions', [endedOf(ada, 'soon')]),
  'keys null': edit('keys', null),
  'no keys': edit('keys', []),
  'keys a string': edit('keys', 'key-1'),
  'a key twice': edit('keys', ['key-1', 'key-1']),
  'a key of no text': edit('keys', ['key-1', 2]),
  'an empty key': edit('keys', ['', 'key-1']),
  'a key that is too long': edit('keys', ['key-1', 'x'.repeat(257)]),
  'keys without its own': edit('keys', ['key-2']),
  'more than may be kept': accounts(accountOf(ada, 1, user), accountOf(bob, 1, user), accountOf(manager, 1, user), accountOf(user, 1, user)),
};

describe('a statement', { concurrency: 8, timeout: 1_200_000 }, () => {
  for (const [name, wrong] of Object.entries(WRONG)) {
    test(`does not count: ${name}`, async (t) => {
      const feed = await TestFeed.start(t);
      feed.tell(accountOf(bob, 1, user));
      wrong(feed);
      const verifier = await follow(t, feed, { changes: { staleness: 1_000, maxAccounts: 3 } });
      await eventually('two requests', () => feed.asked.length >= 2);
      assert.equal(verifier.lost, true);
      assert.equal(await statusOf(verifier, tokenOf(bob)), 503);
      feed.set({ edit: undefined, key: ours, typ: 'changes+jwt' });
      await becomes('right again', verifier, tokenOf(bob), 'User:orders:read');
    });
  }

  for (const [name, wrong] of Object.entries({ issuer: { iss: 'x' }, cursor: { after: '0.77' } })) {
    test(`that continues what is known does not count: another ${name}`, async (t) => {
      const feed = await TestFeed.start(t);
      const verifier = await follow(t, feed, { changes: { staleness: 1_000 } });
      await upToDate(verifier);
      const token = tokenOf(ada);
      feed.set({ edit: (payload) => Object.assign(payload, wrong), changed: [...feed.changed, accountOf(ada, 1, user)] });
      while (!verifier.lost) {
        assert.match(await can(verifier, token), /^(Manager:orders:read,orders:write|503)$/);
        await sleep(1);
      }
      feed.set({ edit: undefined });
      await becomes('right again', verifier, token, 'User:orders:read');
    });
  }

  test('is as old as the request for it', async (t) => {
    const feed = await TestFeed.start(t);
    const verifier = await follow(t, feed, { changes: { staleness: 2_000 } });
    await upToDate(verifier);
    let began;
    feed.set({
      instead: async (request, response) => {
        if (began !== undefined) return; // the facts stay as they are
        began = performance.now();
        feed.changed = [...feed.changed, accountOf(ada, 1, user)];
        const body = JSON.stringify(feed.statement(new URL(request.url, 'http://feed').searchParams.get('after')));
        for (const part of [body.slice(0, 10), body.slice(10, 20)]) {
          response.write(part);
          await sleep(300);
        }
        response.end(body.slice(20));
      },
    });
    await becomes('heard', verifier, tokenOf(ada), 'User:orders:read');
    for (let asked = performance.now(); !verifier.lost; asked = performance.now()) {
      assert.ok(asked - began < 2_000, 'it does not count from the request');
      await sleep(1);
    }
  });
});

describe('the list of keys', { concurrency: true, timeout: 1_200_000 }, () => {
  const next = newKey('key-2', 'rsa');

  test('revokes a key without a request for the JWK set', async (t) => {
    const feed = await TestFeed.start(t);
    feed.keys = ['key-1', 'key-2'];
    const jwks = await serve(t, keysAnswer(ours, next));
    const verifier = await follow(t, feed, { jwks: jwks.url, changes: { staleness: 1_000, whenLost: 'tokens-alone' } });
    await upToDate(verifier);
    const token = tokenOf(ada, {}, next);
    await becomes('while it is listed', verifier, token, 'Manager:orders:read,orders:write');
    const { asked } = jwks;
    feed.set({ keys: ['key-1'] });
    feed.tell(accountOf(bob, 1, user));
    await becomes('revoked', verifier, token, '401');
    assert.equal(await statusOf(verifier, tokenOf(ada)), 200);
    assert.equal(jwks.asked, asked);
    feed.set({ instead: status(502) });
    await eventually('lost', () => verifier.lost);
    assert.equal(await statusOf(verifier, token), 401, 'the last list counts while the feed is lost');
    feed.set({ instead: undefined, keys: ['key-1', 'key-2'] });
    feed.tell(accountOf(bob, 2, user));
    await becomes('listed again', verifier, token, 'Manager:orders:read,orders:write');
    assert.equal(jwks.asked, asked, 'its JWK was kept');
  });

  test('has a new key fetched at once', async (t) => {
    const feed = await TestFeed.start(t);
    feed.keys = ['key-1'];
    const jwks = await serve(t, keysAnswer(ours));
    const verifier = await follow(t, feed, { jwks: jwks.url });
    await upToDate(verifier);
    const token = tokenOf(ada, {}, next);
    assert.equal(await statusOf(verifier, token), 401);
    assert.equal(jwks.asked, 1, 'a key that is not listed causes no request');
    jwks.answer = keysAnswer(ours, next);
    feed.set({ keys: ['key-1', 'key-2'] });
    feed.tell(accountOf(bob, 1, user));
    await becomes('the new key', verifier, token, 'Manager:orders:read,orders:write');
    assert.equal(jwks.asked, 2);
  });

  test('causes few requests for a key that no JWK set has', async (t) => {
    const feed = await TestFeed.start(t);
    feed.keys = ['key-1', 'key-9'];
    const jwks = await serve(t, keysAnswer(ours));
    const verifier = await follow(t, feed, { jwks: jwks.url });
    await upToDate(verifier);
    for (let version = 1; version < 6; version++) {
      feed.tell(accountOf(ada, version, user));
      await becomes('heard', verifier, tokenOf(ada, { ver: version }), 'User:orders:read');
    }
    assert.ok(jwks.asked <= 5, `${jwks.asked} requests`);
  });

  test('is given up where an older service has taken over', async (t) => {
    const feed = await TestFeed.start(t);
    feed.keys = ['key-1'];
    const verifier = await follow(t, feed, { jwks: (await serve(t, keysAnswer(ours, next))).url });
    await upToDate(verifier);
    assert.equal(await statusOf(verifier, tokenOf(ada, {}, next)), 401);
    feed.set({ key: next, keys: undefined, changed: [...feed.changed, accountOf(ada, 1, user)] });
    await becomes('without a list', verifier, tokenOf(ada, {}, next), 'User:orders:read');
  });

  test('stays as it is where a statement has none', async (t) => {
    const feed = await TestFeed.start(t);
    feed.keys = ['key-1'];
    const verifier = await follow(t, feed, { jwks: (await serve(t, keysAnswer(ours, next))).url });
    await upToDate(verifier);
    feed.set({ keys: undefined });
    feed.tell(accountOf(ada, 1, user));
    await becomes('heard', verifier, tokenOf(ada), 'User:orders:read');
    assert.equal(await statusOf(verifier, tokenOf(ada, {}, next)), 401);
  });

  test('refuses a statement of a key that was revoked, and recovers by a new JWK set', async (t) => {
    const feed = await TestFeed.start(t);
    feed.keys = ['key-1'];
    const jwks = await serve(t, keysAnswer(ours, next));
    const verifier = await follow(t, feed, { jwks: jwks.url, changes: { staleness: 1_000 } });
    await upToDate(verifier);
    // The key is revoked; its holder answers for the feed, and the JWK set in the cache still has it.
    const forged = (payload) => Object.assign(payload, { keys: ['key-1', 'key-2'], accounts: [accountOf(ada, 1, user)] });
    jwks.answer = keysAnswer(ours);
    feed.set({ key: next, edit: forged, changed: [...feed.changed, accountOf(bob, 1, user)] });
    await eventually('it is lost', () => verifier.lost);
    assert.equal(await statusOf(verifier, tokenOf(ada)), 503);
    feed.set({ key: ours, edit: undefined });
    await becomes('the owner of the feed again', verifier, tokenOf(ada), 'Manager:orders:read,orders:write');
  });

  test('follows an issuer that revoked the key of the whole list', async (t) => {
    const feed = await TestFeed.start(t);
    feed.keys = ['key-1'];
    const jwks = await serve(t, keysAnswer(ours));
    const verifier = await follow(t, feed, { jwks: jwks.url });
    await upToDate(verifier);
    jwks.answer = keysAnswer(next);
    feed.set({ key: next, keys: ['key-2'], changed: [...feed.changed, accountOf(ada, 1, user)] });
    await becomes('the new key', verifier, tokenOf(ada, {}, next), 'User:orders:read');
    assert.equal(await statusOf(verifier, tokenOf(ada)), 401);
    assert.ok(jwks.asked <= 3);
  });
});

test('a token is no statement, nor a statement a token', async (t) => {
  const feed = await TestFeed.start(t);
  const verifier = await follow(t, feed);
  await upToDate(verifier);
  const { statement } = feed.statement('').data;
  assert.equal(await statusOf(verifier, statement), 401);
  assert.equal(await statusOf(verifier, sign(ours, 'at+jwt', {})), 401);
});
