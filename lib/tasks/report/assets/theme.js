/** The choice between light and dark: the reader's system decides until they choose. Runs before the page is drawn. */
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  // A page opened from a disk may have no storage.
  const stored = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const tell = () =>
    document.dispatchEvent(new CustomEvent("theme", { detail: isDark() ? "dark" : "light" }));

  const theme = stored();
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  system.addEventListener("change", tell);
  globalThis.isDarkPage = isDark;

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("button.theme");
    const label = () => button.textContent = isDark() ? "Light" : "Dark";
    button.hidden = false;
    label();
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        localStorage.setItem("theme", root.dataset.theme);
      } catch {
        // the choice holds for this page
      }
      tell();
    });
    document.addEventListener("theme", label);
  });
})();
