// One record beside its page. Every key works without a mouse, and none of them is one that Telex, VNI or Unikey need:
// letters and digits are keys only together with Ctrl or Alt, or outside of a field.
"use strict";

(() => {
  const desk = document.getElementById("record");
  if (!desk) return;
  const about = desk.dataset, form = desk.querySelector("form.values");
  const stage = desk.querySelector(".stage"), picture = stage.querySelector("img"), mark = stage.querySelector(".mark");
  const fields = [...form.querySelectorAll(".field")], told = document.getElementById("told");
  /** width of the page's picture, px; parts of a page are shown up to so many times as large */
  const WIDE = 1400, NEAREST = 3;
  /** milliseconds between two renewals of the record that is open, and before typed values are looked at */
  const HOLD_MS = 120000, CHECK_MS = 250;
  let revision = Number(about.revision), page = null, showing = null, scale = 1, turned = 0, centre = null, size = null;
  const first = new Map(fields.map((field) => [field.dataset.name, input(field).value]));
  const sent = new Map(first);
  /** name of a field -> number of its last check: an earlier answer counts no more */
  const checks = new Map();
  /** names of fields that the person has looked at and accepted as they are */
  const accepted = new Set();

  function input(field) { return field.querySelector("input"); }
  const fieldOf = (element) => element?.closest?.(".field") ?? null;
  const current = () => fieldOf(document.activeElement);

  function tell(text, wrong = false) {
    told.textContent = text;
    told.classList.toggle("wrong", wrong);
    told.hidden = text === "";
  }

  // the picture

  /** Shows a page. Resolves when its size is known, also for a page that is being fetched. */
  function show(number) {
    if (page !== number) showing = fetched(number);
    return showing;
  }

  async function fetched(number) {
    page = number;
    const base = `${about.pictures}${number}`;
    const answer = await station.get(`${base}/info.json`);
    if (!answer.ok || page !== number) return;
    size = await answer.json();
    const wide = Math.min(WIDE, size.width);
    picture.src = `${base}/full/${wide},/0/default.webp`;
    lay();
  }

  /** Lays the picture so that `centre` (px of the page) is in the middle of the stage. */
  function lay() {
    if (!size) return;
    const wide = stage.clientWidth, high = stage.clientHeight, fit = wide / size.width;
    const at = centre ?? { x: size.width / 2, y: Math.min(size.height, high / fit) / 2, width: 0, height: 0 };
    const times = fit * scale;
    picture.style.width = `${size.width}px`;
    picture.style.transformOrigin = "0 0";
    const move = `translate(${wide / 2}px, ${high / 2}px) rotate(${turned}deg) scale(${times}) translate(${-at.x}px, ${-at.y}px)`;
    picture.style.transform = move;
    mark.hidden = !at.width;
    mark.style.width = `${at.width}px`;
    mark.style.height = `${at.height}px`;
    mark.style.transformOrigin = "0 0";
    mark.style.transform = `${move} translate(${at.x - at.width / 2}px, ${at.y - at.height / 2}px)`;
  }

  function look(field) {
    fields.forEach((one) => one.classList.toggle("current", one === field));
    field.scrollIntoView({ block: "center" });
    const number = field.dataset.page === "" ? null : Number(field.dataset.page);
    if (number === null) return;
    const [x, y, width, height] = field.dataset.box.split(",").map(Number);
    show(number).then(() => {
      if (!size || !width) return;
      centre = { x: x + width / 2, y: y + height / 2, width, height };
      scale = Math.max(1, Math.min(NEAREST, (0.8 * size.width) / width, (0.35 * stage.clientHeight * size.width) / (height * stage.clientWidth)));
      lay();
    });
  }

  const views = {
    whole: () => { scale = size ? Math.min(1, (stage.clientHeight / size.height) * (size.width / stage.clientWidth)) : 1; centre = size ? { x: size.width / 2, y: size.height / 2, width: 0, height: 0 } : null; lay(); },
    nearer: () => { scale = Math.min(2 * NEAREST, scale * 1.3); lay(); },
    farther: () => { scale = Math.max(0.2, scale / 1.3); lay(); },
    turn: () => { turned = (turned + 90) % 360; lay(); },
    keys: () => document.getElementById("keys").showModal(),
  };

  // values

  function stand(field, how, sign) {
    field.classList.remove("sure", "doubt", "typed", "empty");
    field.classList.add(how);
    field.querySelector(".sign").textContent = sign;
  }

  function say(field, said) {
    const list = field.querySelector(".problems");
    list.replaceChildren(...said.problems.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    stand(field, said.accepted ? "typed" : "doubt", said.accepted ? "✎" : "?");
  }

  /** Asks the server what it thinks of a value, and spells quick forms out. Nothing is stored. */
  async function check(field, spell) {
    const name = field.dataset.name, typed = input(field).value, number = (checks.get(name) ?? 0) + 1;
    checks.set(name, number);
    if (!about.maySave || typed === (sent.get(name) ?? "")) return;
    const answer = await station.send(about.check, { revision, values: { [name]: typed } });
    if (!answer.ok || number !== checks.get(name)) return;
    const said = (await answer.json()).fields[name];
    if (!said || input(field).value !== typed) return;
    if (spell && said.text) input(field).value = said.text;
    if (spell && input(field).value === sent.get(name)) accepted.add(name);
    say(field, said);
  }

  const changed = () => Object.fromEntries(fields
    .map((field) => [field.dataset.name, input(field).value])
    .filter(([name, value]) => value !== sent.get(name) || accepted.has(name)));

  /** Stores what was typed. Resolves to whether all of it is stored. */
  async function save() {
    const values = changed();
    if (!about.maySave || Object.keys(values).length === 0) return true;
    tell("");
    const answer = await station.send(about.save, { revision, values });
    if (answer.status === 409) return settle(values);
    const said = await answer.json();
    if (!answer.ok) {
      tell(said.detail, true);
      return false;
    }
    revision = said.revision;
    for (const [name, value] of Object.entries(values)) {
      sent.set(name, value);
      accepted.delete(name);
      const field = fields.find((one) => one.dataset.name === name);
      if (said.fields[name]) say(field, said.fields[name]);
    }
    tell(about.saved);
    return true;
  }

  /** Somebody else was first: shows both values of each field, and the person chooses. Nothing is overwritten unseen. */
  async function settle(mine) {
    const fresh = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html").getElementById("record");
    const theirs = (name) => fresh.querySelector(`[name="${CSS.escape(name)}"]`)?.value ?? "";
    const differ = Object.entries(mine).filter(([name, value]) => theirs(name) !== value);
    const dialog = document.getElementById("differs");
    dialog.querySelector("tbody").replaceChildren(...differ.map(([name, value]) => {
      const row = document.createElement("tr"), label = fields.find((one) => one.dataset.name === name).querySelector("label").firstElementChild.nextSibling.textContent;
      [["th", label], ["td", theirs(name)], ["td", value]].forEach(([tag, text]) => row.append(Object.assign(document.createElement(tag), { textContent: text || "—" })));
      return row;
    }));
    if (differ.length) {
      dialog.showModal();
      await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
    }
    revision = Number(fresh.dataset.revision);
    for (const field of fields) {
      const name = field.dataset.name;
      sent.set(name, theirs(name));
      if (!(name in mine) || dialog.returnValue === "theirs") input(field).value = theirs(name);
    }
    if (dialog.returnValue === "theirs") accepted.clear();
    tell(about.changed);
    return differ.length && dialog.returnValue === "mine" ? save() : false;
  }

  async function decide(address, more) {
    const answer = await station.send(address, { revision, ...more });
    const said = await answer.json();
    if (answer.ok) location.assign(said.next);
    else tell(said.detail, true);
  }

  function next(from) {
    const start = fields.indexOf(from) + 1;
    const order = [...fields.slice(start), ...fields.slice(0, start)];
    return order.find((field) => field.classList.contains("doubt") && !accepted.has(field.dataset.name) && field !== from);
  }

  const acts = {
    ...views,
    save: async () => { if (await save()) tell(about.saved); },
    approve: async () => { if (about.mayApprove && await save()) await decide(about.approve, {}); },
    reject: async () => {
      const dialog = document.getElementById("reason");
      dialog.showModal();
      await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
      const reason = dialog.querySelector("input").value.trim();
      if (dialog.returnValue === "yes" && reason) await decide(about.reject, { reason });
    },
    unstated: () => put(last, document.querySelector('[data-do="unstated"]').firstChild.textContent.trim()),
    unreadable: () => put(last, document.querySelector('[data-do="unreadable"]').firstChild.textContent.trim()),
  };
  let last = fields[0];

  function put(field, text) {
    if (!field || !about.maySave) return;
    input(field).value = text;
    input(field).focus();
    check(field, true);
  }

  form.addEventListener("focusin", (event) => {
    const field = fieldOf(event.target);
    if (field) { last = field; look(field); if (event.target.matches("input")) event.target.select(); }
  });
  let timer = 0;
  form.addEventListener("input", (event) => {
    const field = fieldOf(event.target);
    accepted.delete(field.dataset.name);
    clearTimeout(timer);
    timer = setTimeout(() => check(field, false), CHECK_MS);
  });
  form.addEventListener("focusout", (event) => {
    const field = fieldOf(event.target);
    clearTimeout(timer);
    if (field && event.target.matches("input")) check(field, true);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  desk.addEventListener("click", (event) => {
    const act = event.target.closest("[data-do]"), offer = event.target.closest("[data-offer]");
    if (act) acts[act.dataset.do]();
    if (offer) put(fieldOf(offer), offer.dataset.offer);
  });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || document.querySelector("dialog[open]")) return;
    const typing = event.target.matches?.("input, textarea, select"), field = current();
    const key = event.key, code = event.code;
    let act = null;
    if (key === "Enter" && event.ctrlKey) act = acts.approve;
    else if (key.toLowerCase() === "s" && event.ctrlKey && !event.altKey) act = acts.save;
    else if (key === "F2") act = acts.whole;
    else if (key === "Enter" && field && typing) act = () => {
      if (input(field).value === sent.get(field.dataset.name)) accepted.add(field.dataset.name);
      stand(field, "typed", "✓");
      const following = next(field);
      if (following) input(following).focus();
      else tell(about.nothing);
    };
    else if (key === "Escape" && field && typing) act = () => { input(field).value = first.get(field.dataset.name); accepted.delete(field.dataset.name); input(field).select(); };
    else if (event.altKey && !event.ctrlKey && /^Digit[1-5]$/.test(code) && field) {
      const offer = field.querySelectorAll("[data-offer]")[Number(code[5]) - 1];
      act = () => offer && put(field, offer.dataset.offer);
    } else if (event.altKey && !event.ctrlKey && code === "Digit8") act = acts.unstated;
    else if (event.altKey && !event.ctrlKey && code === "Digit9") act = acts.unreadable;
    else if (event.altKey || !typing) {
      act = { Equal: acts.nearer, NumpadAdd: acts.nearer, Minus: acts.farther, NumpadSubtract: acts.farther, KeyR: acts.turn, Slash: acts.keys }[code] ?? null;
      if (event.ctrlKey || event.metaKey) act = null;
    }
    if (act) {
      event.preventDefault();
      act();
    }
  });

  window.addEventListener("beforeunload", (event) => { if (Object.keys(changed()).length) event.preventDefault(); });
  window.addEventListener("resize", lay);
  if (about.maySave || about.mayApprove) setInterval(() => station.send(about.hold), HOLD_MS);
  const begin = fields.find((field) => field.classList.contains("doubt")) ?? fields[0];
  show(Number(about.first));
  if (begin) input(begin).focus();
})();
