// The extension: starts `goalc lsp`, and has goalc dry-run or draw the plan that is open.
// It knows nothing of the language. Without goalc files are still highlighted, and one message says
// what to do.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");
const { Graphs } = require("./graph");
const { program, missing, probe } = require("./program");

/** @type {LanguageClient | undefined} */
let client;
let said = false;

async function startServer(output) {
  const settings = vscode.workspace.getConfiguration("goalc");
  if (!settings.get("server.enabled") || !vscode.workspace.isTrusted || client) {
    return;
  }
  const answer = await probe(program(), ["lsp", "--help"]);
  if (!answer.ok) {
    output.appendLine(`goalc lsp: ${answer.why}`);
    sayOnce(answer.missing ? missing(program()) : `${program()} has no language server: update goalc.`);
    return;
  }
  const run = { command: program(), args: ["lsp", ...settings.get("server.arguments", [])] };
  client = new LanguageClient("goalc", "goalc", { run, debug: run }, {
    documentSelector: [{ scheme: "file", language: "goal" }, { scheme: "untitled", language: "goal" }],
    outputChannel: output,
  });
  try {
    await client.start();
  } catch (error) {
    output.appendLine(String(error));
    client = undefined;
    sayOnce("The language server of goalc did not start: see the output channel goalc.");
  }
}

async function stopServer() {
  const stopped = client;
  client = undefined;
  await stopped?.stop().catch(() => {});
}

/** One message a window: a plan can be read and edited without goalc. */
function sayOnce(text) {
  if (said) return;
  said = true;
  vscode.window.showWarningMessage(text, "Settings").then((choice) => {
    if (choice) vscode.commands.executeCommand("workbench.action.openSettings", "goalc.path");
  });
}

/** The plan that a command is about, saved: goalc reads the disk. */
async function plan(uri) {
  const open = vscode.window.activeTextEditor?.document;
  const document = uri instanceof vscode.Uri ? await vscode.workspace.openTextDocument(uri) : open;
  if (!document || document.languageId !== "goal" || document.uri.scheme !== "file") {
    vscode.window.showErrorMessage("Open a .goal file that is on the disk first.");
    return undefined;
  }
  if (document.isDirty && !(await document.save())) return undefined;
  return document;
}

/** What goalc says of a plan, in a terminal of its own without a shell: no path has to be quoted. */
async function inTerminal(title, uri, call) {
  const document = await plan(uri);
  if (!document) return;
  const folder = vscode.Uri.joinPath(document.uri, "..").fsPath;
  const answer = await probe(program(), ["--version"]);
  if (!answer.ok) {
    vscode.window.showErrorMessage(missing(program()));
    return;
  }
  const execution = new vscode.ProcessExecution(program(), call(document.uri.fsPath), { cwd: folder });
  const task = new vscode.Task({ type: "process" }, vscode.TaskScope.Workspace, title, "goalc", execution, []);
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, panel: vscode.TaskPanelKind.Dedicated, clear: true };
  await vscode.tasks.executeTask(task);
}

const dryRun = (uri) => inTerminal("Dry-run", uri, (path) => ["run", "--dry-run", path]);

/** Of one scenario, or of all of a file. */
const test = (uri, name) => inTerminal("Test", uri, (path) => ["test", path, ...(typeof name === "string" ? ["--only", name] : [])]);

exports.activate = async (context) => {
  const output = vscode.window.createOutputChannel("goalc");
  const graphs = new Graphs();
  const command = (name, act) => vscode.commands.registerCommand(name, act);
  context.subscriptions.push(
    output,
    graphs,
    command("goalc.dryRun", dryRun),
    command("goalc.test", test),
    command("goalc.showGraph", async (uri) => {
      const document = await plan(uri);
      if (document) await graphs.show(document.uri);
    }),
    command("goalc.restartServer", async () => {
      said = false;
      await stopServer();
      await startServer(output);
    }),
    vscode.workspace.onDidSaveTextDocument((document) => graphs.refresh(document.uri)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => startServer(output)),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("goalc.path") || change.affectsConfiguration("goalc.server")) {
        await stopServer();
        await startServer(output);
      }
    }),
  );
  await startServer(output);
};

exports.deactivate = stopServer;
