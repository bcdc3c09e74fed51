// Puts the shell's grammar beside the tests: scripts in plans are coloured by it.
import { copyFileSync } from "node:fs";
import { createRequire } from "node:module";

const from = createRequire(import.meta.url).resolve("tm-grammars/grammars/shellscript.json");
copyFileSync(from, new URL("shellscript.tmLanguage.json", import.meta.url));
