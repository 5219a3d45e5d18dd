// Runs before first paint. An external file, so the CSP needs no 'unsafe-inline' and no nonce.
(() => {
  let t = null;
  try {
    t = localStorage.getItem("mf.theme");
  } catch {}
  const dark = t === "dark" || (t !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
