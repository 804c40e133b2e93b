// Starts the page's program. A file of its own, since the page's policy allows no inline script;
// the build writes the names of the glue and of the wasm, which change with their content, into
// the two preload links.

// The files in folders that were dropped, as [path, file]; nothing where there is no folder. A browser
// gives a folder piece by piece.
globalThis.filesOfFolders = (items) => {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return entries.some((entry) => entry.isDirectory) ? listed(entries) : undefined;
};

async function listed(entries) {
  const files = [];
  // Grows while it is walked.
  for (const entry of entries) {
    if (files.length > 20000) break;
    if (entry.isFile) {
      await new Promise((done) =>
        entry.file((file) => done(files.push([entry.fullPath.slice(1), file])), done),
      );
      continue;
    }
    const reader = entry.createReader();
    let some;
    do {
      some = await new Promise((done) => reader.readEntries(done, () => done([])));
      entries.push(...some.filter((inside) => inside.name !== "node_modules"));
    } while (some.length);
  }
  return files;
}

const address = (id) => document.getElementById(id).href;

try {
  const { default: init } = await import(address("page-glue"));
  await init({ module_or_path: address("page-wasm") });
} catch (error) {
  document.getElementById("status").textContent =
    `Culprit cannot start in this browser: ${error.message}`;
  throw error;
}
