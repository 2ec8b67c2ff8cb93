// A session with svc-users for all tabs of an origin and its service worker.
//
// The refresh token is in a cookie that no script can read. The access token, which lives for ten minutes, is in
// IndexedDB, where every tab and the service worker find it, also after the browser has stopped the worker. A lock that
// all of them share (Web Locks) lets one of them refresh while the others wait for its result.

const LOCK = 'svc-refresh';
const CHANNEL = 'svc-session'; // messages: 'begun', 'ended'
const DATABASE = 'svc-session';
const STORE = 'tokens';
const KEY = 'access';

// An access token counts as expired this long before it does, so that a request with it still arrives in time.
const MARGIN_MS = 30_000;

// A refresh whose answer was lost is repeated after these pauses. Within 10 seconds (REFRESH_REUSE_WINDOW) each repetition
// gets the same successor; a later one gets it once a day (REFRESH_RECOVERY).
const RETRY_MS = [0, 1_000, 3_000];

/** The service has refused: status, and message as the service worded it. */
export class SessionError extends Error {
  constructor(status, message) {
    super(message);
    this.name = 'SessionError';
    this.status = status;
  }
}

/** Dispatches 'begun' and 'ended' when a tab has logged in, or the session is over. */
export class Session extends EventTarget {
  #base;
  #channel = new BroadcastChannel(CHANNEL);

  /** base is where the service is: '' for the own origin, or https://users.example.com, which lists this origin. */
  constructor(base = '') {
    super();
    this.#base = base;
    this.#channel.onmessage = ({ data }) => this.dispatchEvent(new Event(data));
  }

  /** Begins a session. A SessionError with status 401 is for wrong credentials. */
  async login(email, password) {
    await navigator.locks.request(LOCK, async () => {
      const sent = Date.now();
      const answer = await this.#post('login', { email, password, session: true, transport: 'cookie' });
      await this.#keep(answer, sent);
      this.#tell('begun');
    });
  }

  /** Ends the session in all tabs. An error means that it goes on: try again. */
  async logout() {
    await navigator.locks.request(LOCK, async () => {
      try {
        await this.#post('logout', {});
      } catch (error) {
        if (error.status !== 401) throw error; // 401: there is no cookie, so there is nothing to end
      }
      await write(undefined);
      this.#tell('ended');
    });
  }

  /** Sends a request with an access token; a 401 is answered by one refresh, and the same request again. */
  async fetch(input, init) {
    const request = new Request(input, init);
    const token = await this.token();
    const answer = await send(request.clone(), token);
    return answer.status === 401 ? send(request, await this.#refresh(token)) : answer;
  }

  /** An access token that is valid for some time. A SessionError with status 401 means that a login is needed. */
  async token() {
    const kept = await read();
    return usable(kept) ? kept.token : this.#refresh(kept?.token);
  }

  /** Replaces an access token that is not valid, unless another tab was faster. */
  #refresh(stale) {
    return navigator.locks.request(LOCK, async () => {
      const kept = await read();
      if (kept?.token !== stale && usable(kept)) return kept.token;
      try {
        const sent = Date.now();
        return await this.#keep(await this.#postAgain('refresh', { transport: 'cookie' }), sent);
      } catch (error) {
        if (error.status === 401 && kept) {
          await write(undefined);
          this.#tell('ended');
        }
        throw error; // without an answer, or with a 503, the session goes on
      }
    });
  }

  async #keep({ data }, sent) {
    const { iat, exp } = JSON.parse(atob(data.token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
    // By the clock of this machine, whatever time it shows: only how long the token lives is the service's.
    await write({ token: data.token, until: sent + (exp - iat) * 1000 });
    return data.token;
  }

  #tell(event) {
    this.#channel.postMessage(event); // to the others
    this.dispatchEvent(new Event(event));
  }

  async #post(operation, body) {
    const answer = await fetch(`${this.#base}/api/v1/auth/${operation}`, {
      method: 'POST',
      credentials: 'include',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const envelope = await answer.json();
    if (!answer.ok) throw new SessionError(answer.status, envelope.message);
    return envelope;
  }

  /** Repeats what has no effect the second time, while there is no answer or the service is busy. */
  async #postAgain(operation, body) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#post(operation, body);
      } catch (error) {
        if ((error.status ?? 503) < 500 || attempt === RETRY_MS.length) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS[attempt]));
      }
    }
  }
}

function usable(kept) {
  return kept !== undefined && Date.now() < kept.until - MARGIN_MS;
}

function send(request, token) {
  request.headers.set('Authorization', `Bearer ${token}`);
  return fetch(request);
}

const read = () => inStore('readonly', (store) => store.get(KEY));
const write = (kept) => inStore('readwrite', (store) => (kept ? store.put(kept, KEY) : store.delete(KEY)));

/** Resolves to the result of one request to the store, once its transaction is complete. */
async function inStore(mode, ask) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening, 'success');
  try {
    const transaction = database.transaction(STORE, mode);
    const request = ask(transaction.objectStore(STORE));
    await done(transaction, 'complete');
    return request.result;
  } finally {
    database.close();
  }
}

function done(source, event) {
  return new Promise((resolve, reject) => {
    source.addEventListener(event, () => resolve(source.result));
    for (const failure of ['error', 'abort']) source.addEventListener(failure, () => reject(source.error));
  });
}
