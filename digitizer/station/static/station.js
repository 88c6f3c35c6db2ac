// What all pages share. `station.send(url, body)` sends a change and never loses it: when the session is over it asks for the
// password and sends again, when the server or the line is away it says so and tries until it is through.
"use strict";

window.station = (() => {
  const meta = document.querySelector('meta[name="csrf"]');
  const banner = document.getElementById("banner");
  const dialog = document.getElementById("relogin");
  /** milliseconds before the first further try, doubled up to the last */
  const FIRST_MS = 1000, LAST_MS = 15000;
  let asking = null;

  function tell(text) {
    banner.textContent = text;
    banner.hidden = text === "";
  }

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  /** Puts the form token of a new session into the page. */
  function renew(csrf) {
    meta.content = csrf;
    document.querySelectorAll('input[name="csrf"]').forEach((field) => { field.value = csrf; });
  }

  /** The session the browser has now, if it is of the person this page was made for. */
  async function session() {
    const answer = await attempt(dialog.dataset.session, { headers: { accept: "application/json" } });
    const said = answer.ok ? await answer.json() : null;
    return said?.name === dialog.querySelector('input[name="name"]').value ? said : null;
  }

  /** Takes over the form token of a session that another tab has opened. Resolves to whether there was a new one. */
  async function takeSession() {
    const now = await session();
    const other = now !== null && now.csrf !== meta.content;
    if (other) renew(now.csrf);
    return other;
  }

  /** Asks for the password in the page, until there is a session again. Several senders wait for the same answer. */
  function logInAgain() {
    asking ??= new Promise((done) => {
      const form = dialog.querySelector("form"), wrong = dialog.querySelector(".wrong");
      const before = document.activeElement, over = new AbortController();
      const finish = (said) => {
        renew(said.csrf);
        over.abort();
        form.reset();
        dialog.close();
        before?.focus();
        asking = null;
        done();
      };
      dialog.addEventListener("cancel", (event) => event.preventDefault(), { signal: over.signal });
      // whoever logs in in another tab comes back to this one
      window.addEventListener("focus", async () => {
        const said = await session();
        if (said) finish(said);
      }, { signal: over.signal });
      form.onsubmit = async (event) => {
        event.preventDefault();
        const answer = await attempt(dialog.dataset.login, {
          method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(new FormData(form)),
        });
        const said = await answer.json();
        if (answer.ok) {
          finish(said);
        } else {
          wrong.textContent = said.detail;
          wrong.hidden = false;
        }
      };
      dialog.showModal();
      form.elements.password.focus();
    });
    return asking;
  }

  /** One request that waits for the server to come back: network errors and 502, 503, 504 are tried again. */
  async function attempt(url, options) {
    for (let wait = FIRST_MS; ; wait = Math.min(wait * 2, LAST_MS)) {
      try {
        const answer = await fetch(url, { credentials: "same-origin", ...options });
        if (![502, 503, 504].includes(answer.status)) {
          tell("");
          return answer;
        }
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      tell(dialog ? dialog.dataset.away : "");
      await pause(wait);
    }
  }

  /**
   * Sends `body` (an object as JSON, or a Blob as it is) and resolves to the Response once the server has answered for good.
   * The caller looks at `response.ok`; 409 means that somebody else was first.
   */
  async function send(url, body, { method = "POST", headers = {} } = {}) {
    const raw = body instanceof Blob || body instanceof URLSearchParams || body === undefined;
    for (let renewed = false; ;) {
      const answer = await attempt(url, {
        method,
        headers: {
          accept: "application/json", "x-csrf-token": meta.content, ...(raw ? {} : { "content-type": "application/json" }), ...headers,
        },
        body: raw ? body : JSON.stringify(body),
      });
      if (answer.status === 401) {
        await logInAgain();
      } else if (answer.status === 403 && !renewed) {
        // another tab has logged in anew: the same person, another form token
        renewed = true;
        if (!(await takeSession())) return answer;
      } else {
        return answer;
      }
    }
  }

  /** Reads something, and waits for the server to come back. */
  const get = (url) => attempt(url, { headers: { accept: "application/json" } });

  return { send, get, tell, logInAgain, renew: takeSession, away: () => tell(dialog.dataset.away) };
})();
