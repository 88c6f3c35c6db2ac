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

  /** Asks for the password in the page, until there is a session again. Several senders wait for the same answer. */
  function logInAgain() {
    asking ??= new Promise((done) => {
      const form = dialog.querySelector("form"), wrong = dialog.querySelector(".wrong");
      const before = document.activeElement;
      dialog.addEventListener("cancel", (event) => event.preventDefault());
      form.onsubmit = async (event) => {
        event.preventDefault();
        const answer = await attempt(dialog.dataset.login, {
          method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(new FormData(form)),
        });
        const said = await answer.json();
        if (answer.ok) {
          meta.content = said.csrf;
          document.querySelectorAll('input[name="csrf"]').forEach((field) => { field.value = said.csrf; });
          form.reset();
          dialog.close();
          before?.focus();
          asking = null;
          done();
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
    for (;;) {
      const answer = await attempt(url, {
        method,
        headers: {
          accept: "application/json", "x-csrf-token": meta.content, ...(raw ? {} : { "content-type": "application/json" }), ...headers,
        },
        body: raw ? body : JSON.stringify(body),
      });
      if (answer.status !== 401) return answer;
      await logInAgain();
    }
  }

  return { send, tell, logInAgain };
})();
