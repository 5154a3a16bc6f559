// Decisions have one form, `# 0036 Title`, and docs/decisions/README.md lists all of them, with what
// each was changed or superseded by: a page says so in a line of its own, `Changed by: [0026](…)`.
//   node scripts/check-decisions.mjs [--write]   --write: makes the list anew
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const FOLDER = 'docs/decisions';
const LIST = `${FOLDER}/README.md`;
const wrong = [];
const rows = [];
const seen = new Map();

for (const file of readdirSync(FOLDER).sort()) {
  if (file === 'README.md') continue;
  const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
  const number = /^(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1];
  const [, named, title] = /^# (\d{4}) (\S.*)\n/.exec(text) ?? [];
  if (!number) wrong.push(`${file}: a decision's file is called like 0036-types-from-the-document.md`);
  else if (named !== number || /[.:]$/.test(title)) wrong.push(`${file}: its first line is not "# ${number} Title"`);
  if (seen.has(number)) wrong.push(`${file}: ${seen.get(number)} has this number, too`);
  seen.set(number, file);
  for (const [, to] of text.matchAll(/\]\((\d{4}-[^)#]+\.md)\)/g)) {
    if (!existsSync(`${FOLDER}/${to}`)) wrong.push(`${file}: there is no ${to}`);
  }
  const later = /^(Superseded|Changed) by: (.+)$/m.exec(text);
  rows.push(`| [${number}](${file}) | ${title} | ${later ? `${later[1].toLowerCase()} by ${later[2].replace(/\.$/, '')}` : ''} |`);
}

const list = `# Decisions

One page each: what was decided, why, and what was left aside. A page is not rewritten when something else is decided later; it
gets a line \`Changed by:\` or \`Superseded by:\` below its title, and this list (made by \`node scripts/check-decisions.mjs --write\`) says so.

| number | decision | later |
|---|---|---|
${rows.join('\n')}
`;
if (process.argv.includes('--write')) writeFileSync(LIST, list);
else if (!existsSync(LIST) || readFileSync(LIST, 'utf8') !== list) {
  wrong.push(`${LIST} does not list the decisions as they are: run node scripts/check-decisions.mjs --write`);
}

if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
console.log(`${rows.length} decisions are listed`);
