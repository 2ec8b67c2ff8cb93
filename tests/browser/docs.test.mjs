// The documentation page in a real browser: it is whole, stays inside the service and its own
// Content-Security-Policy, and can be used for what it is there for. A login, and a list with its token.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { admin, startService } from '../clients/service.mjs';
import { chromiumFlags, chromiumPath, WAIT_MS } from './chromium.mjs';

const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 900 };

describe('/docs', { timeout: 1_200_000 }, () => {
  let service;
  let browser;
  let context;
  let page;
  let complaints;
  let requested;

  before(async () => {
    service = await startService();
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags, timeout: WAIT_MS });
  });
  after(async () => {
    await browser?.close();
    await service?.stop();
  });

  beforeEach(async () => {
    complaints = [];
    requested = [];
    context = await browser.newContext({ viewport: desktop });
    context.setDefaultTimeout(WAIT_MS);
    page = await context.newPage();
    // A violation of the policy is an error on the console too; the event says what it was.
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (e) => {
        console.error(`policy: ${e.effectiveDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`);
      });
    });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure().errorText}`));
    context.on('request', (request) => requested.push(request.url()));
    context.on('response', (response) => {
      if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
    });
  });
  afterEach(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
    const outside = requested.filter((url) => !url.startsWith('data:') && new URL(url).origin !== service.origin);
    assert.deepEqual(outside, []);
  });

  /** Opens the page, at a fragment if one is given, and waits for the operations. */
  async function open(fragment = '') {
    const response = await page.goto(`${service.origin}/docs${fragment}`);
    assert.equal(response.status(), 200);
    await page.locator('.opblock').first().waitFor();
    return response;
  }

  /** The operation with this method and path. */
  function operation(method, path) {
    return page.locator('.opblock')
      .filter({ has: page.locator(`.opblock-summary-method:text-is("${method}")`) })
      .filter({ has: page.locator(`.opblock-summary-path[data-path="${path}"]`) });
  }

  /** Tries an operation out; resolves to the status and the text of the answer shown. */
  async function execute(block, body) {
    if (!(await block.locator('.opblock-body').isVisible())) await block.locator('.opblock-summary-control').click();
    await block.locator('.try-out__btn').click();
    if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
    await block.locator('button.execute').click();
    const answer = block.locator('.live-responses-table .response');
    await answer.waitFor();
    return {
      status: (await answer.locator('.response-col_status').innerText()).trim(),
      text: await answer.locator('.response-col_description pre code').first().innerText(),
    };
  }

  async function screenshot(name, fullPage = false) {
    if (!process.env.SCREENSHOTS) return;
    await mkdir(process.env.SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage });
  }

  test('lists every operation of the document, under a strict policy', async () => {
    const response = await open();
    const policy = response.headers()['content-security-policy'];
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|\*/);

    const document = await (await fetch(`${service.origin}/openapi.json`)).json();
    const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      methods.filter((method) => item[method]).map((method) => `${method.toUpperCase()} ${path}`));
    assert.ok(operations.length > 20, 'the document has its operations');
    const shown = await page.locator('.opblock').evaluateAll((blocks) => blocks.map((block) =>
      `${block.querySelector('.opblock-summary-method').textContent} ${block.querySelector('[data-path]').dataset.path}`));
    assert.deepEqual(shown.sort(), operations.sort());
    assert.equal(await page.locator('#waiting').count(), 0, 'the note about loading is gone');
    await screenshot('desktop', true);
  });

  test('logs in, authorizes and lists accounts', async () => {
    await open();
    const login = await execute(operation('POST', '/api/v1/auth/login'), admin);
    assert.equal(login.status, '200');
    const { token } = JSON.parse(login.text).data;
    await screenshot('login');

    await page.locator('.auth-wrapper > .btn.authorize').click();
    // The dialog has a form per security scheme, each with buttons of its own.
    const dialog = page.locator('.modal-ux');
    const bearer = dialog.locator('form').filter({ has: page.locator('#auth-bearer-value') });
    await bearer.locator('#auth-bearer-value').fill(token);
    await screenshot('authorize');
    await bearer.locator('button[type="submit"]').click();
    await dialog.locator('.btn-done').first().click();

    const list = await execute(operation('GET', '/api/v1/accounts'));
    assert.equal(list.status, '200');
    const { data } = JSON.parse(list.text);
    assert.ok(data.some((account) => account.email === admin.email));
    await screenshot('accounts');

    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    assert.equal(kept, '[{},{},""]', 'nothing outlives the page');
  });

  test('opens the operation that an address or a link names', async () => {
    await open();
    const login = operation('POST', '/api/v1/auth/login');
    await page.locator('.intro a').first().click();
    await login.locator('.opblock-body').waitFor();
    const { hash } = new URL(page.url());

    await page.goto('about:blank');
    await open(hash);
    await login.locator('.opblock-body').waitFor();
  });

  test('fits a phone, and a keyboard', async () => {
    await page.setViewportSize(phone);
    await open();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '#swagger-ui');
    await screenshot('phone-focus');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => Math.abs(document.querySelector('#swagger-ui').getBoundingClientRect().top) < 50);
    await execute(operation('POST', '/api/v1/auth/login'), admin);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= phone.width, `the page is ${width} px wide on a screen of ${phone.width}`);
    await screenshot('phone', true);
  });
});
