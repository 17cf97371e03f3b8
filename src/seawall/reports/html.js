"use strict";
(() => {
  const form = document.querySelector(".filters");
  if (!form) return;
  form.hidden = false;

  const search = document.getElementById("search");
  const rule = document.getElementById("rule");
  const file = document.getElementById("file");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const tiles = [...document.querySelectorAll(".tile")];
  const total = Number(shown.dataset.total);

  // What is searched is read from the page once, when it is first needed. The source lines around
  // the marked ones are left out: they belong to other findings as much as to this one.
  const searched = "h3, .message, figcaption, .hit, .remedy, details";
  const textOf = (article) => [...article.querySelectorAll(searched)]
    .map((element) => element.textContent).join(" ").toLowerCase();

  const files = [...document.querySelectorAll(".file")].map((section) => ({
    section,
    path: section.querySelector(".path").textContent.toLowerCase(),
    findings: [...section.querySelectorAll(".finding")].map((article) => ({
      article,
      severity: article.dataset.severity,
      rules: article.dataset.rules.split(" "),
      count: Number(article.dataset.count),
      text: null,
    })),
  }));

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set(
      tiles.filter((tile) => tile.getAttribute("aria-pressed") === "true")
        .map((tile) => tile.dataset.severity),
    );
    let visible = 0;
    for (const { section, path, findings } of files) {
      const fileFits = !file.value || section.dataset.file === file.value;
      let any = false;
      for (const finding of findings) {
        let fits = fileFits
          && severities.has(finding.severity)
          && (!rule.value || finding.rules.includes(rule.value));
        if (fits && words.length) {
          finding.text ??= `${path} ${textOf(finding.article)}`;
          fits = words.every((word) => finding.text.includes(word));
        }
        finding.article.hidden = !fits;
        if (fits) {
          any = true;
          visible += finding.count;
        }
      }
      section.hidden = !any;
    }
    none.hidden = visible > 0;
    shown.textContent = `${visible} of ${total} ${total === 1 ? "finding" : "findings"} shown`;
  };

  for (const tile of tiles) {
    tile.disabled = tile.classList.contains("zero");
    tile.addEventListener("click", () => {
      tile.setAttribute("aria-pressed", String(tile.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("clear").addEventListener("click", () => {
    for (const tile of tiles) tile.setAttribute("aria-pressed", "true");
    form.reset();
    apply();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });

  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", openTarget);
  openTarget();
  apply();
})();
