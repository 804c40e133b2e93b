// Starts the page's program. A file of its own, since the page's policy allows no inline script;
// the build writes the names of the glue and of the wasm, which change with their content, into
// the two preload links.
const address = (id) => document.getElementById(id).href;

try {
  const { default: init } = await import(address("page-glue"));
  await init({ module_or_path: address("page-wasm") });
} catch (error) {
  document.getElementById("status").textContent =
    `Culprit cannot start in this browser: ${error.message}`;
  throw error;
}
