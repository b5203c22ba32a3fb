"use strict";
// The page can be read without this; it adds the choice of a rule, the search and the number of findings shown.
(() => {
  const find = (id) => document.getElementById(id);
  const search = find("search");
  const rule = find("rule");
  const count = find("count");
  const levels = ["error", "warning", "note"].map((level) => [level, find("show-" + level)]);
  const files = Array.from(document.querySelectorAll("section.file"), (section) => ({
    section,
    path: section.querySelector("h2").textContent.toLowerCase(),
    findings: Array.from(section.querySelectorAll("article"), (article) => ({ article, text: null })),
  }));
  const total = files.reduce((sum, file) => sum + file.findings.length, 0);

  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = levels.filter(([, box]) => box && !box.checked).map(([level]) => level);
    let shown = 0;
    for (const { section, path, findings } of files) {
      let here = 0;
      for (const finding of findings) {
        const { article } = finding;
        let visible = !rule.value || article.dataset.rule === rule.value;
        if (visible && words.length) {
          finding.text ??= article.textContent.toLowerCase() + " " + path;
          visible = words.every((word) => finding.text.includes(word));
        }
        article.hidden = !visible;
        if (visible && !off.some((level) => article.classList.contains(level))) here += 1;
      }
      section.hidden = here === 0;
      shown += here;
    }
    count.textContent = shown === total ? "" : shown + " of " + total + " shown";
  }

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  rule.addEventListener("change", apply);
  for (const [, box] of levels) box?.addEventListener("change", apply);
  for (const link of document.querySelectorAll("a[data-filter]")) {
    link.addEventListener("click", () => {
      rule.value = link.dataset.filter;
      apply();
    });
  }
  document.documentElement.classList.add("script");
  apply();
})();
