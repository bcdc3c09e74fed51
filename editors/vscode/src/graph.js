// The plan as a drawing, in a panel of its own: one a file, drawn anew when it is saved.

const vscode = require("vscode");
const { page, message } = require("./page");
const { program, missing, probe } = require("./program");

class Graphs {
  constructor() {
    /** @type {Map<string, vscode.WebviewPanel>} */
    this.panels = new Map();
  }

  async show(uri) {
    const there = this.panels.get(uri.toString());
    if (there) {
      there.reveal(undefined, true);
    } else {
      this.open(uri);
    }
    await this.refresh(uri);
  }

  open(uri) {
    const name = uri.path.split("/").pop();
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const options = { enableScripts: false, localResourceRoots: [] };
    const panel = vscode.window.createWebviewPanel("goalc.graph", `Graph of ${name}`, column, options);
    this.panels.set(uri.toString(), panel);
    panel.onDidDispose(() => this.panels.delete(uri.toString()));
  }

  async refresh(uri) {
    if (!this.panels.has(uri.toString())) return;
    const folder = vscode.Uri.joinPath(uri, "..").fsPath;
    const answer = await probe(program(), ["graph", "--format", "svg", uri.fsPath], folder);
    const panel = this.panels.get(uri.toString());
    if (!panel) return;
    if (answer.ok) panel.webview.html = page(answer.out);
    else panel.webview.html = message(answer.missing ? missing(program()) : answer.why);
  }

  dispose() {
    for (const panel of [...this.panels.values()]) panel.dispose();
  }
}

module.exports = { Graphs };
