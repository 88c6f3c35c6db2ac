// A wall of crops of one field. Space strikes the one that has the focus, arrows go on, Ctrl Enter confirms all that are not struck.
"use strict";

(() => {
  const form = document.getElementById("column");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=wrong]")], told = document.getElementById("told");

  async function confirm() {
    const right = boxes.filter((box) => !box.checked && !box.disabled);
    if (!right.length) return;
    const cells = Object.fromEntries(right.map((box) => [box.value, Number(box.dataset.revision)]));
    const answer = await station.send(form.dataset.confirm, { field: form.dataset.field, cells });
    const said = await answer.json();
    told.hidden = false;
    if (!answer.ok) {
      told.classList.add("wrong");
      told.textContent = said.detail;
      return;
    }
    for (const box of right) {
      const missed = said.missed.includes(box.value);
      box.closest("li").classList.add(missed ? "missed" : "confirmed");
      box.disabled = !missed;
    }
    told.textContent = form.dataset.done.replace("{count}", said.confirmed)
      + (said.missed.length ? ` ${form.dataset.missed.replace("{count}", said.missed.length)}` : "");
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); confirm(); });
  form.addEventListener("change", (event) => event.target.closest("li").classList.toggle("struck", event.target.checked));
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    const at = boxes.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      confirm();
    } else if (step && at >= 0) {
      event.preventDefault();
      boxes[(at + step + boxes.length) % boxes.length].focus();
    }
  });
  boxes[0]?.focus();
})();
