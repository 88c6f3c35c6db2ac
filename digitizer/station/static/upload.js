// Files and folders by browser. Each document has an upload session of its own: hashed here, announced, sent file by file, ended.
// What was begun is remembered, so that choosing the same files again after a broken line sends only what is missing.
"use strict";

(() => {
  const form = document.getElementById("upload"), drop = document.getElementById("drop");
  const table = document.getElementById("files"), body = table.tBodies[0];
  const total = document.getElementById("total"), bar = document.getElementById("bar");
  const say = form.dataset, field = form.elements;
  /** how long a begun session is remembered, milliseconds: sessions end after a day */
  const KEPT_MS = 20 * 3600 * 1000;
  /** first bytes of the kinds we read; PDF may begin a little later */
  const KINDS = [[0xff, 0xd8, 0xff], [0x89, 0x50, 0x4e, 0x47], [0x49, 0x49, 0x2a, 0], [0x4d, 0x4d, 0, 0x2a], [0x49, 0x49, 0x2b, 0], [0x4d, 0x4d, 0, 0x2b]];
  const queue = [];
  const sum = { bytes: 0, sent: 0, files: 0, done: 0, refused: 0 };
  let running = false;

  const worker = new Worker(say.worker);
  const waiting = new Map();
  worker.onmessage = ({ data }) => {
    const [done, failed] = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error) failed(new Error(data.error)); else done(data.sha256);
  };
  const sha256 = (file) => new Promise((done, failed) => {
    const id = Math.random().toString(36);
    waiting.set(id, [done, failed]);
    worker.postMessage({ id, file });
  });

  const size = (bytes) => new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 }).format(bytes / 1e6) + " MB";
  const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);

  /** Whether we read this kind of file, told by its first bytes. */
  async function known(file) {
    const head = new Uint8Array(await file.slice(0, 1024).arrayBuffer());
    if (KINDS.some((magic) => magic.every((byte, i) => head[i] === byte))) return true;
    return new TextDecoder("latin1").decode(head).includes("%PDF-");
  }

  function row(name, bytes) {
    const made = body.insertRow(), head = document.createElement("th"), isolated = document.createElement("bdi");
    head.scope = "row";
    isolated.textContent = name;
    head.append(isolated);
    made.append(head);
    const number = made.insertCell();
    number.className = "number";
    number.textContent = size(bytes);
    const state = made.insertCell();
    state.textContent = say.waiting;
    table.hidden = false;
    return (text, kind = "") => { state.textContent = text; state.className = kind; };
  }

  function show() {
    bar.hidden = false;
    bar.max = Math.max(1, sum.bytes);
    bar.value = sum.sent;
    total.textContent = fill(say.total, {
      done: sum.done, files: sum.files, refused: sum.refused, sent: size(sum.sent), bytes: size(sum.bytes),
    });
  }

  /** Puts one file, with progress. A broken line is waited out, a session that is over is begun anew by its person. */
  async function put(url, file, progress) {
    for (let wait = 1000, renewed = false; ; wait = Math.min(wait * 2, 15000)) {
      const status = await new Promise((done) => {
        const request = new XMLHttpRequest();
        request.open("PUT", url);
        request.setRequestHeader("accept", "application/json");
        request.setRequestHeader("content-type", "application/octet-stream");
        request.setRequestHeader("x-csrf-token", document.querySelector('meta[name="csrf"]').content);
        request.upload.onprogress = (event) => progress(event.loaded);
        request.onload = () => done(request);
        request.onerror = request.ontimeout = () => done(null);
        request.send(file);
      });
      if (status && status.status < 300) return null;
      progress(0);
      if (status && status.status === 401) {
        await station.logInAgain();
      } else if (status && status.status === 403 && !renewed) {
        renewed = true;
        await station.renew();
      } else if (status && ![408, 429, 502, 503, 504].includes(status.status)) {
        return JSON.parse(status.responseText).detail ?? say.refused;
      } else {
        station.away();
        await new Promise((done) => setTimeout(done, wait));
      }
    }
  }

  /** The session of a document: one that was begun before and is still open, else a new one. */
  async function session(document_) {
    const name = "upload " + document_.key;
    try {
      const before = JSON.parse(localStorage.getItem(name) ?? "null");
      if (before && Date.now() - before.at < KEPT_MS) {
        const answer = await station.get(before.state);
        if (answer.ok) return [await answer.json(), name];
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    const answer = await station.send(say.open, document_.announced);
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    localStorage.setItem(name, JSON.stringify({ state: said.state, at: Date.now() }));
    return [said, name];
  }

  async function send(one) {
    one.tell(say.hashing);
    const hashes = [];
    for (const file of one.files) hashes.push(await sha256(file));
    const announced = { ...one.about, pages: one.files.map((file, i) => ({ sha256: hashes[i], bytes: file.size })) };
    const key = [one.about.agency, one.about.dossier, one.about.book, one.about.path, ...hashes].join(" ");
    const [state, name] = await session({ announced, key: await sha256(new Blob([key])) });
    const missing = new Map(state.missing.map((page) => [page.page, page.put]));
    let before = one.files.reduce((bytes, file, i) => bytes + (missing.has(i + 1) ? 0 : file.size), 0);
    sum.sent += before;
    for (const [i, file] of one.files.entries()) {
      if (!missing.has(i + 1)) continue;
      const start = sum.sent;
      const refused = await put(missing.get(i + 1), file, (bytes) => {
        sum.sent = start + Math.min(bytes, file.size);
        one.tell(fill(say.sending, { percent: Math.floor((100 * (before + bytes)) / Math.max(1, one.bytes)) }));
        show();
      });
      if (refused) throw new Error(one.files.length > 1 ? `${file.name}: ${refused}` : refused);
      before += file.size;
      sum.sent = start + file.size;
    }
    const answer = await station.send(state.finish, undefined);
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    localStorage.removeItem(name);
    one.tell(said.documents.every((made) => made.new) ? say.done : say.known, "done");
    sum.done += one.files.length;
  }

  async function run() {
    if (running) return;
    running = true;
    while (queue.length > 0) {
      const one = queue.shift();
      const sent = sum.sent;
      try {
        await send(one);
      } catch (error) {
        sum.sent = sent;
        sum.bytes -= one.bytes;
        sum.refused += one.files.length;
        one.tell(error.message || say.refused, "refused");
      }
      show();
    }
    running = false;
  }

  /** Takes chosen files: [{file, path}]. */
  async function take(chosen) {
    if (!form.reportValidity()) return;
    localStorage.setItem("agency", field.agency.value);
    const isBook = field.kind.value === "book";
    const about = { agency: field.agency.value.trim(), counter: field.counter.checked && !isBook };
    const good = [];
    for (const { file, path } of chosen) {
      if (/^(\.|thumbs\.db$|desktop\.ini$)/i.test(file.name)) continue;
      const wrong = file.size === 0 ? say.empty : (await known(file)) ? "" : say.kind;
      if (wrong) {
        row(path, file.size)(wrong, "refused");
        sum.refused += 1;
      } else {
        good.push({ file, path });
      }
    }
    good.sort((a, b) => a.path.localeCompare(b.path, "vi", { numeric: true }));
    sum.files += good.length;
    if (isBook && good.length > 0) {
      const book = field.book.value.trim().toUpperCase(), files = good.map((one) => one.file);
      const bytes = files.reduce((all, file) => all + file.size, 0);
      sum.bytes += bytes;
      queue.push({ about: { ...about, book, path: book }, files, bytes, tell: row(fill(say.book, { book, count: files.length }), bytes) });
    } else {
      for (const { file, path } of good) {
        sum.bytes += file.size;
        const dossier = field.dossier.value.trim().toUpperCase() || null;
        queue.push({ about: { ...about, dossier, path }, files: [file], bytes: file.size, tell: row(path, file.size) });
      }
    }
    show();
    run();
  }

  /** All files of a dropped folder, with their paths. */
  async function inside(entry, path = "") {
    if (entry.isFile) return [{ file: await new Promise((done, failed) => entry.file(done, failed)), path: path + entry.name }];
    const reader = entry.createReader(), found = [];
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (some.length === 0) return found;
      for (const one of some) found.push(...(await inside(one, `${path}${entry.name}/`)));
    }
  }

  for (const input of [field.files, field.folder]) {
    input.addEventListener("change", async () => {
      const chosen = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
      await take(chosen);
      input.value = "";
    });
  }
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    const found = [];
    for (const entry of entries) found.push(...(await inside(entry)));
    await take(found);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    const isBook = field.kind.value === "book";
    field.book.disabled = !isBook;
    field.book.required = isBook;
    field.dossier.disabled = isBook;
    field.counter.disabled = isBook;
  });
  window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
  if (!field.agency.value) field.agency.value = localStorage.getItem("agency") ?? "";
})();
