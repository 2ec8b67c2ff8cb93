// Following the change feed.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Verifier } from '../src/index.js';
import { Lease } from '../src/facts.js';
import {
  TestFeed, accountOf, ada, audience, becomes, bob, can, endedOf, eventually, exchangedOf, follow, issuer, manager, newVerifier, permissionOf, roleOf, silent, status, statusOf, tokenOf, upToDate, user,
} from './help.js';

const AS_MANAGER = 'Manager:orders:read,orders:write';
const AS_USER = 'User:orders:read';
const phone = '0199e7a0-0000-7000-8000-0000000000f1';
const laptop = '0199e7a0-0000-7000-8000-0000000000f2';

describe('changes', { concurrency: 8, timeout: 1_200_000 }, () => {
  test('count', async (t) => {
    const feed = await TestFeed.start(t);
    const verifier = await follow(t, feed);
    await upToDate(verifier);
    const [first, second, other] = [tokenOf(ada), tokenOf(ada, { ver: 2 }), tokenOf(bob)];
    await becomes('as the token says', verifier, first, AS_MANAGER);
    assert.equal((await verifier.verify(first)).live, true);
    feed.tell(accountOf(ada, 1, user));
    await becomes('another role', verifier, first, AS_USER);
    await assert.rejects(verifier.authorize(first, ['orders:read', 'orders:write']), { status: 403, missing: ['orders:write'] });
    feed.tell(...roleOf(manager, 'Manager'), ...roleOf(user, 'User', 'b', 'a'));
    await becomes("the role's rights change", verifier, first, 'User:a,b');
    await becomes("another role's rights change", verifier, other, 'Manager:');
    feed.tell(...roleOf(manager, 'Boss', 'orders:all'), ...roleOf(user, 'User', 'a'));
    await becomes('the role is renamed, and the token has its id', verifier, tokenOf(bob, { role_id: manager }), 'Boss:orders:all');
    await becomes('the same of an older token, which has the name', verifier, other, ':');
    await becomes('an unknown id, whatever the name', verifier, tokenOf(bob, { role_id: ada, roles: ['User'] }), ':');
    feed.tell(accountOf(bob, 1, manager));
    await becomes('the account is told of', verifier, other, 'Boss:orders:all');
    await becomes('a token of a version that never was', verifier, tokenOf(bob, { ver: 2 }), '401');
    feed.tell(accountOf(ada, 2, user));
    await becomes('older tokens end', verifier, first, '401');
    await becomes('the newer', verifier, second, 'User:a');
    feed.tell(accountOf(ada, null, null));
    await becomes('disabled', verifier, second, '401');
    feed.tell(accountOf(ada, 3, null));
    await becomes('enabled again, the older token', verifier, second, '401');
    await becomes('without a role', verifier, tokenOf(ada, { ver: 3 }), ':');
    feed.tell({ id: permissionOf('orders:all').id, name: 'orders:any' });
    await becomes('a permission is renamed', verifier, other, 'Boss:orders:any');
  });

  test('tell what a token had no room for', async (t) => {
    const verifier = await follow(t, await TestFeed.start(t));
    await upToDate(verifier);
    const principal = await verifier.authorize(tokenOf(ada, { permissions: [], permissions_omitted: true }), ['orders:write']);
    assert.deepEqual([principal.live, principal.permissionsOmitted], [true, false]);
  });

  test('give a token for a declared audience no more than its prefix', async (t) => {
    const feed = await TestFeed.start(t);
    feed.tell(...roleOf(manager, 'Manager', 'orders:read', 'orders:write', 'stock:read'));
    const token = tokenOf(ada, { permission_prefix: 'orders:', permissions: ['orders:read', 'stock:read'] });
    assert.equal(await can(await newVerifier(t), token), 'Manager,User:orders:read');
    const verifier = await follow(t, feed);
    await becomes('live', verifier, token, 'Manager:orders:read,orders:write');
    await becomes('another token', verifier, tokenOf(ada), 'Manager:orders:read,orders:write,stock:read');
    await assert.rejects(verifier.authorize(token, ['stock:read']), { status: 403 });
    for (const wrong of ['', 7, null, ['orders:']]) assert.equal(await statusOf(verifier, tokenOf(ada, { permission_prefix: wrong })), 401);
  });

  test('in pieces count together', async (t) => {
    const feed = await TestFeed.start(t);
    feed.piece = 7;
    const many = Array.from({ length: 100 }, (_, n) => accountOf(`0199e7a0-0000-7000-8000-${(n + 1).toString(16).padStart(12, '0')}`, null, null));
    feed.tell(...many, accountOf(ada, null, null));
    const verifier = await follow(t, feed);
    await upToDate(verifier);
    assert.equal(await can(verifier, tokenOf(ada)), '401', 'up to date without the last piece');
    assert.ok(feed.asked.length >= 15);
    feed.set({ epoch: 1, changed: feed.changed.slice(0, 55) }); // the service has lost its memory
    await becomes('what is not told again is forgotten', verifier, tokenOf(ada), AS_MANAGER);
  });

  test('end sessions, with their own tokens and no others', async (t) => {
    const feed = await TestFeed.start(t);
    const verifier = await follow(t, feed, { changes: { staleness: 1_000, whenLost: 'tokens-alone' } });
    const [onPhone, onLaptop] = [tokenOf(ada, { sid: phone }), tokenOf(ada, { sid: laptop })];
    await upToDate(verifier);
    assert.equal((await verifier.verify(onPhone)).session, phone);
    feed.tell(endedOf(phone));
    await becomes('the phone after its session', verifier, onPhone, '401');
    assert.equal(await statusOf(verifier, onLaptop), 200);
    assert.equal(await statusOf(verifier, tokenOf(ada)), 200);
    feed.set({ instead: status(502) });
    await eventually('the feed is lost', () => verifier.lost);
    assert.equal(await statusOf(verifier, onPhone), 401);
    assert.equal(await statusOf(verifier, onLaptop), 200);
  });

  test('end exchanged tokens, with their API keys and each of their actors', async (t) => {
    const [key, carol, dora] = ['0199e7a0-0000-7000-8000-0000000000f3', '0199e7a0-0000-7000-8000-0000000000d3', '0199e7a0-0000-7000-8000-0000000000d4'];
    const acted = exchangedOf(ada, { client_id: carol, act: { sub: carol, ver: 1, sid: laptop, act: { sub: dora, ver: 1 } } });
    const ends = {
      'the API key': [exchangedOf(ada, { api_key_id: key }), endedOf(key)],
      'the session': [exchangedOf(ada, { sid: phone }), endedOf(phone)],
      'the account': [acted, accountOf(ada, null, user)],
      'the actor': [acted, accountOf(carol, null, user)],
      "the actor's version": [acted, accountOf(carol, 2, user)],
      "the actor's session": [acted, endedOf(laptop)],
      'the actor before it': [acted, accountOf(dora, null, null)],
    };
    for (const [what, [token, change]] of Object.entries(ends)) {
      const feed = await TestFeed.start(t);
      const verifier = await follow(t, feed, { changes: { staleness: 1_000, whenLost: 'tokens-alone' } });
      await upToDate(verifier);
      await becomes(`${what}: before`, verifier, token, ':orders:read,orders:write');
      feed.tell(change);
      await becomes(`${what}: after`, verifier, token, '401');
      feed.set({ instead: status(502) });
      await eventually('the feed is lost', () => verifier.lost);
      assert.equal(await statusOf(verifier, token), 401, what);
    }
  });

  test('hold an impersonator to what it may do now', async (t) => {
    const [carol, helper, admin] = ['0199e7a0-0000-7000-8000-0000000000d3', '0199e7a0-0000-7000-8000-00000000c00a', '0199e7a0-0000-7000-8000-00000000c00b'];
    const feed = await TestFeed.start(t);
    const isHelper = (...permissions) => feed.tell(...roleOf(helper, 'Helper', ...permissions));
    isHelper('orders:read', 'orders:write', 'accounts:impersonate');
    feed.tell(...roleOf(admin, 'Admin').map((one) => ({ ...one, all: true })));
    const verifier = await follow(t, feed);
    const token = exchangedOf(ada, { client_id: carol, act: { sub: carol, ver: 1, impersonator: true, role_id: helper } });
    await becomes('at first', verifier, token, ':orders:read,orders:write');
    assert.deepEqual({ ...(await verifier.verify(token)).actor }, { account: carol, impersonator: true, prior: undefined });
    isHelper('orders:read', 'accounts:impersonate');
    await becomes('its role holds less', verifier, token, '401');
    isHelper('orders:read', 'orders:write');
    await becomes('its role lost the permission', verifier, token, '401');
    isHelper('orders:read', 'orders:write', 'accounts:impersonate');
    await becomes('it has both again', verifier, token, ':orders:read,orders:write');
    feed.tell(accountOf(carol, 1, user));
    await becomes('another role', verifier, token, '401');
    feed.tell(accountOf(carol, 1, helper), accountOf(ada, 1, user));
    await becomes('its role again, and a weaker one of the account', verifier, token, ':orders:read');
    feed.tell(accountOf(ada, 1, admin));
    await becomes('the account is an administrator', verifier, token, '401');
    feed.tell(accountOf(carol, 1, admin));
    await becomes('both are', verifier, token, ':accounts:impersonate,orders:read,orders:write');
  });

  test('of a service without sessions and keys count', async (t) => {
    const feed = await TestFeed.start(t);
    feed.edit = (payload) => delete payload.sessions;
    const verifier = await follow(t, feed);
    await becomes('without sessions', verifier, tokenOf(ada), AS_MANAGER);
  });

  for (const whenLost of ['refuse', 'tokens-alone']) {
    for (const [how, instead] of Object.entries({
      down: status(502), forbidden: status(403), hanging: () => {}, cut: (request, response) => response.destroy(),
      garbage: (request, response) => response.end('{"data":{"statement":"x.y.z"}}'), 'too long': (request, response) => response.end('x'.repeat(2 << 20)),
    })) {
      test(`lost (${how}) and found, ${whenLost}`, async (t) => {
        const feed = await TestFeed.start(t);
        const said = [];
        const verifier = await follow(t, feed, { changes: { staleness: 1_000, whenLost, onFound: () => said.push('found'), onLost: (reason) => said.push('lost', reason.replaceAll(',', ';')) } });
        feed.tell(accountOf(ada, 1, user), accountOf(bob, 2, user));
        await becomes('heard', verifier, tokenOf(ada), AS_USER);
        const [token, gone] = [tokenOf(ada), tokenOf(bob)];
        await becomes('heard, the dead', verifier, gone, '401');
        feed.set({ instead });
        const began = performance.now();
        for (let asked = began; !verifier.lost; asked = performance.now()) {
          assert.ok(asked - began < 2000, 'the loss is not noticed');
          await sleep(2);
        }
        // An answer that was under way may have come late.
        if (whenLost === 'refuse') await becomes('lost', verifier, token, '503');
        else {
          await becomes('lost', verifier, token, 'Manager,User:orders:read,orders:write');
          assert.equal(await can(verifier, gone), '401', 'lost, and dead nevertheless');
        }
        await eventually('onLost', () => said.at(-2) === 'lost');
        feed.set({ instead: undefined });
        await becomes('found', verifier, token, AS_USER);
        await eventually('onFound', () => said.at(-1) === 'found');
        // A busy machine may lose the feed more than once.
        assert.match(said.join(), /^(lost,[^,]+,)?found(,lost,[^,]+,found)+$/);
      });
    }
  }

  test('are lost before the first snapshot, and after stop', async (t) => {
    const token = tokenOf(ada);
    const changes = { url: 'http://127.0.0.1:1/', token: () => 'x' };
    const refusing = await newVerifier(t, { changes });
    assert.deepEqual([refusing.lost, await statusOf(refusing, token)], [true, 503]);
    const relying = await newVerifier(t, { changes: { ...changes, whenLost: 'tokens-alone' } });
    assert.deepEqual([relying.lost, await statusOf(relying, token)], [true, 200]);
    const feed = await TestFeed.start(t);
    const verifier = await follow(t, feed, { changes: { staleness: 1_000 } });
    await upToDate(verifier);
    assert.throws(() => verifier.start(), /already/);
    await verifier.stop();
    await eventually('it is lost', () => verifier.lost);
    assert.equal(await statusOf(verifier, token), 503);
    verifier.start();
    await upToDate(verifier);
  });

  test('are stale by either clock', () => {
    const lease = new Lease(undefined, { steady: 5_000, wall: 1_000_000 }, 1_000);
    for (const [steady, wall, want] of [
      [5_000, 1_000_000, true], [5_999, 1_000_999, true], [6_000, 1_001_000, false], [5_010, 1_060_000, false], [65_000, 1_000_010, false], [65_000, 0, false],
    ]) {
      assert.equal(lease.fresh({ steady, wall }), want, `${steady} ${wall}`);
    }
  });

  test('are not believed for long without a signature', async (t) => {
    const feed = await TestFeed.start(t);
    let ahead = 0;
    const verifier = await follow(t, feed, { now: () => Date.now() + ahead, changes: { staleness: 1_000 } });
    await upToDate(verifier);
    feed.set({ instead: status(304) });
    const since = performance.now();
    await eventually('304 is believed', () => performance.now() - since > 1200 && !verifier.lost);
    ahead = 61_000;
    await eventually('304 is believed no longer', () => verifier.lost);
    ahead = 0;
    feed.set({ instead: undefined });
    await upToDate(verifier);
  });

  test('are asked for with short waits, the last cursor, and no storm', async (t) => {
    const feed = await TestFeed.start(t);
    const verifier = await follow(t, feed, { changes: { staleness: 1_000 } });
    await eventually('four requests', () => feed.asked.length >= 4);
    assert.deepEqual(feed.asked[0], { after: '', wait: '0', token: 'Bearer the-followers' });
    // An answer that took long leaves no time for waiting.
    await eventually('a request that waits', () => feed.asked.some(({ after, wait }) => after === `0.${feed.changed.length}` && wait === '300'));
    assert.ok(feed.asked.every(({ wait }) => wait === '0' || wait === '300'));
    feed.set({ instead: status(304) });
    const [before, began] = [feed.asked.length, performance.now()];
    await sleep(500);
    assert.ok(feed.asked.length - before <= (performance.now() - began) / 20, `${feed.asked.length - before} requests`);
    await upToDate(verifier);
  });

  test('go on while the token is renewed', async (t) => {
    const feed = await TestFeed.start(t);
    feed.token = '1';
    let [logins, good] = [0, 1];
    const verifier = await follow(t, feed, { changes: { staleness: 1_000, token: () => (logins++, String(good)) } });
    await upToDate(verifier);
    good = 2;
    feed.set({ token: '2' });
    await eventually('another login', () => logins >= 2);
    await upToDate(verifier);

    const short = await TestFeed.start(t);
    let calls = 0;
    const renewing = await follow(t, short, {
      changes: {
        staleness: 1_000,
        token: async () => {
          if (++calls > 1) throw new Error('no logins now');
          const now = Math.floor(Date.now() / 1000);
          return tokenOf(bob, { iat: now, exp: now + 2 });
        },
      },
    });
    await upToDate(renewing);
    await eventually('another login before the token ends', () => calls === 2);
    await upToDate(renewing);
  });

  test('are asked for slowly where logins fail', async (t) => {
    const feed = await TestFeed.start(t);
    let [logins, before, lost] = [0, 0, ''];
    await follow(t, feed, {
      changes: {
        staleness: 1_000,
        onLost: (reason) => ([before, lost] = [logins, reason]),
        token: async () => {
          logins++;
          throw new Error('wrong password');
        },
      },
    });
    await eventually('word of it', () => lost !== '');
    assert.ok(before >= 1 && before <= 6, `${before} logins in 5 seconds`);
    assert.match(lost, /wrong password/);
    assert.equal(feed.asked.length, 0);
  });

  test('are read by two verifiers at once', async (t) => {
    const feed = await TestFeed.start(t);
    const both = [await follow(t, feed), await follow(t, feed)];
    await Promise.all(both.map(upToDate));
    feed.tell(accountOf(ada, 1, user));
    await Promise.all(both.map((verifier) => becomes('heard', verifier, tokenOf(ada), AS_USER)));
  });

  test('survive a hook that throws, and a stop in the middle', async (t) => {
    const feed = await TestFeed.start(t);
    const verifier = await follow(t, feed, { changes: { onFound: () => { throw new Error('hook'); } } });
    await upToDate(verifier);
    feed.set({ instead: () => {} });
    const began = performance.now();
    await verifier.stop();
    assert.ok(performance.now() - began < 5_000);
    assert.throws(() => new Verifier({ jwks: 'https://a.example/', issuer, audience, logger: silent }).start(), /changes/);
  });
});
