// The pages of the graph panel. Nothing in them runs, and nothing is loaded: the drawing comes from
// a plan, which may be a stranger's.

// Drawings are styled in themselves; all else is forbidden.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The drawing as an image: a document of its own, in which scripts and links are dead. */
function page(svg) {
  const data = Buffer.from(svg, "utf8").toString("base64");
  return html(`<img alt="The plan as a drawing" src="data:image/svg+xml;base64,${data}">`);
}

function message(text) {
  return html(`<pre>${escape(text)}</pre>`);
}

function escape(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (letter) => names[letter]);
}

function html(body) {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<style>body { padding: 1rem; } img { max-width: 100%; } pre { white-space: pre-wrap; }</style>
</head>
<body>${body}</body>
</html>`;
}

module.exports = { page, message };
