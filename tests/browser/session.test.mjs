// The client of examples/browser in a real browser: three tabs and a service worker in one session, whose access token
// expires in all of them at once, whose answers are lost, and which ends in all of them at once.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { admin, login, startService } from '../clients/service.mjs';
import { chromiumFlags, chromiumPath, WAIT_MS } from './chromium.mjs';
import { startFront } from './front.mjs';

describe('a session in the browser', { timeout: 1_200_000 }, () => {
  let service;
  let own; // the front of the service's own origin
  let listed; // a front whose origin CORS_ORIGINS has
  let strange; // one whose origin it has not
  let browser;
  let context;
  let tabs;

  before(async () => {
    [own, listed, strange] = await Promise.all([startFront(), startFront(), startFront()]);
    service = await startService({ CORS_ORIGINS: listed.origin });
    own.service = service.origin;
    listed.base = strange.base = service.origin.replace('127.0.0.1', 'localhost');
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags, timeout: WAIT_MS });
  });
  after(async () => {
    await browser?.close();
    await service?.stop();
    await Promise.all([own, listed, strange].map((front) => front?.stop()));
  });

  beforeEach(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(WAIT_MS);
    own.refused.clear();
    own.held = undefined;
  });
  afterEach(() => context.close());

  /** Opens a page of a front. */
  async function open(front) {
    const tab = await context.newPage();
    await tab.goto(front.origin);
    await tab.waitForFunction(() => window.ready);
    return tab;
  }

  /** Three tabs and a service worker of the own origin, logged in by the first; resolves to the access token. */
  async function logIn() {
    tabs = [await open(own)];
    await tabs[0].evaluate(async () => {
      await navigator.serviceWorker.register('/worker.js', { type: 'module' });
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller) {
        await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
      }
    });
    tabs.push(await open(own), await open(own));
    await tabs[0].evaluate(({ email, password }) => session.login(email, password), admin);
    own.refreshes = 0;
    return tabs[0].evaluate(() => session.token());
  }

  /** What all tabs and the service worker get at the same time: the status, and the id of the account. */
  function askAll() {
    const ask = async (path) => {
      const answer = await (path.startsWith('/mine/') ? fetch(path) : session.fetch(path));
      return [answer.status, (await answer.json()).data?.email];
    };
    return Promise.all([...tabs.map((tab) => tab.evaluate(ask, '/api/v1/auth/me')), tabs[0].evaluate(ask, '/mine/me')]);
  }
  const everybody = Array(4).fill([200, admin.email]);

  /** The sessions of the account, as the first tab lists them. */
  const sessions = () => tabs[0].evaluate(async () => (await (await session.fetch('/api/v1/auth/sessions')).json()).data);

  test('one refresh for all tabs and the service worker', async () => {
    const token = await logIn();
    assert.deepEqual(await askAll(), everybody);
    assert.equal(own.refreshes, 0);

    own.refused.add(token);
    assert.deepEqual(await askAll(), everybody);
    assert.equal(own.refreshes, 1);

    // Expired by the clock: no request is sent with it.
    await tabs[1].evaluate(async () => {
      const opening = indexedDB.open('svc-session');
      await new Promise((resolve) => (opening.onsuccess = resolve));
      const transaction = opening.result.transaction('tokens', 'readwrite');
      const kept = transaction.objectStore('tokens').get('access');
      kept.onsuccess = () => transaction.objectStore('tokens').put({ ...kept.result, until: Date.now() }, 'access');
      await new Promise((resolve) => (transaction.oncomplete = resolve));
      opening.result.close();
    });
    assert.deepEqual(await askAll(), everybody);
    assert.equal(own.refreshes, 2);
    assert.equal((await sessions()).filter((s) => s.current).length, 1);

    const cookies = await context.cookies();
    assert.deepEqual(
      cookies.map(({ name, path, httpOnly, sameSite }) => ({ name, path, httpOnly, sameSite })).sort((a, b) => a.name.localeCompare(b.name)),
      ['svc_device', 'svc_refresh'].map((name) => ({ name, path: '/', httpOnly: true, sameSite: 'Strict' })),
    );
    const readable = await tabs[2].evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]));
    assert.equal(readable, '["",{},{}]');
  });

  test('a lost answer is asked for again, and the session goes on', async () => {
    own.refused.add(await logIn());
    const [before] = await sessions();
    const refreshed = own.refreshes;
    own.refused.add(await tabs[0].evaluate(() => session.token()));
    own.lose = 2;
    assert.deepEqual(await askAll(), everybody);
    assert.equal(own.refreshes - refreshed, 3);
    const current = (await sessions()).filter((s) => s.current);
    assert.deepEqual(current.map((s) => s.id), [before.id]);
  });

  test('a tab that is closed while it refreshes holds up no other', async () => {
    own.refused.add(await logIn());
    const arrived = new Promise((resolve) => (own.held = resolve));
    tabs[2].evaluate(() => session.fetch('/api/v1/auth/me')).catch(() => {}); // it ends with the tab
    await arrived;
    own.held = undefined;
    const closed = tabs.pop();
    const asked = askAll(); // they wait for the lock
    await closed.close();
    assert.deepEqual(await asked, everybody.slice(1));
    assert.equal(own.refreshes, 2);
  });

  test('a logout in one tab ends the session in all', async () => {
    const token = await logIn();
    await tabs[1].evaluate(() => session.logout());
    for (const tab of tabs) await tab.waitForFunction(() => events.at(-1) === 'ended');
    for (const tab of tabs) {
      const status = await tab.evaluate(() => session.fetch('/api/v1/auth/me').catch((error) => error.status));
      assert.equal(status, 401);
    }
    assert.equal(await tabs[0].evaluate(async () => (await fetch('/mine/me')).status), 401);
    // The device stays known, so that guesses of others do not keep its owner out.
    assert.deepEqual((await context.cookies()).map((cookie) => cookie.name), ['svc_device']);
    const answer = await fetch(`${service.origin}/api/v1/auth/me`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 401);
    await tabs[2].evaluate(() => session.logout()); // again, without an error
  });

  test('a session that was ended elsewhere ends in all tabs', async () => {
    await logIn();
    const other = await login(service.origin);
    const answer = await fetch(`${service.origin}/api/v1/auth/sessions`, { method: 'DELETE', headers: { Authorization: `Bearer ${other}` } });
    assert.equal(answer.status, 200);
    const statuses = await Promise.all(
      tabs.map((tab) => tab.evaluate(() => session.fetch('/api/v1/auth/me').catch((error) => error.status))),
    );
    assert.deepEqual(statuses, [401, 401, 401]);
    for (const tab of tabs) await tab.waitForFunction(() => events.at(-1) === 'ended');
  });

  test('only origins that are listed use the cookie from elsewhere', async () => {
    const tab = await open(listed);
    await tab.evaluate(({ email, password }) => session.login(email, password), admin);
    const refresh = () => tab.evaluate(async (base) => {
      const answer = await fetch(`${base}/api/v1/auth/refresh`, {
        method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body: '{}',
      });
      return answer.status;
    }, listed.base);
    assert.equal(await refresh(), 200);

    // The same site, so the browser would send the cookie: it does not get that far, and what needs no leave is refused.
    const page = await open(strange);
    const tries = await page.evaluate(async (base) => {
      const results = [];
      for (const operation of ['refresh', 'logout']) {
        const options = { method: 'POST', credentials: 'include', body: '{}' };
        results.push(await fetch(`${base}/api/v1/auth/${operation}`, { ...options, headers: { 'Content-Type': 'application/json' } }).catch((error) => error.name));
        results.push((await fetch(`${base}/api/v1/auth/${operation}`, { ...options, mode: 'no-cors' })).type);
      }
      return results;
    }, strange.base);
    assert.deepEqual(tries, ['TypeError', 'opaque', 'TypeError', 'opaque']);
    assert.equal(await refresh(), 200, 'the session goes on');
    await tab.evaluate(() => session.logout());
    assert.equal(await refresh(), 401);
  });
});
