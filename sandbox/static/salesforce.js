// Keeps an open page equal to the org: asks every two seconds, swaps what changed, and lets it flash.
// Stands still while the person types, so that nothing moves under the cursor.
(() => {
  const root = document.querySelector("[data-refresh]");
  if (!root) return;

  const typing = () => root.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");

  const flash = (element) => {
    element.classList.remove("sf-flash");
    void element.offsetWidth; // restarts the animation
    element.classList.add("sf-flash");
  };

  const seen = {};

  const showValue = (element, text) => {
    if (element.textContent === text) return;
    element.textContent = text;
    flash(element);
  };

  const showLink = (element, text) => {
    if (element.textContent === text) return;
    element.textContent = text;
    if (/^https?:/.test(text)) element.href = text; else element.removeAttribute("href");
    flash(element);
  };

  const showFragment = (element, name, html) => {
    const first = !(name in seen);
    if (seen[name] === html || element.contains(document.activeElement)) return;
    seen[name] = html;
    element.innerHTML = html;
    if (!first) flash(element);
  };

  const refresh = async () => {
    if (document.hidden || typing()) return;
    const answer = await fetch(root.dataset.refresh, { cache: "no-store" });
    if (!answer.ok || typing()) return;
    const { values, fragments } = await answer.json();
    for (const element of root.querySelectorAll("[data-value]")) showValue(element, values[element.dataset.value] ?? "");
    for (const element of root.querySelectorAll("[data-link]")) showLink(element, values[element.dataset.link] ?? "");
    for (const element of root.querySelectorAll("[data-fragment]")) {
      showFragment(element, element.dataset.fragment, fragments[element.dataset.fragment] ?? "");
    }
  };

  refresh().catch(() => {});
  setInterval(() => refresh().catch(() => {}), 2000);
})();
